//! Which streams there are, and which of the API's fields become their columns.
//!
//! Asks nobody. Invariant: names are the API's own; what changes by itself from day to day (`DaysInStage`, `LastSeen`) is no column here,
//! because `LastUpdateDate` does not move with it.

use crate::column_type::ColumnType;

pub type Columns = &'static [(&'static str, ColumnType)];

const TEXT: ColumnType = ColumnType::Text;
const WHOLE: ColumnType = ColumnType::Integer;
const FLAG: ColumnType = ColumnType::Boolean;
const MOMENT: ColumnType = ColumnType::Moment;
/// Money, quantities and percentages.
pub const AMOUNT: ColumnType = ColumnType::Decimal { precision: 18, scale: AMOUNT_SCALE };
pub const AMOUNT_SCALE: u8 = 6;

/// A kind of record that is read by its `LastUpdateDate`.
#[derive(Debug)]
pub struct Entity {
    pub stream: &'static str,
    pub path: &'static str,
    /// `Relation/Field` is a field of a related record, which is asked to come along.
    pub columns: Columns,
    pub fields: Fields,
    pub lines: Option<Lines>,
}

impl Entity {
    /// Names of the entity's own fields among its columns.
    pub fn own(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(key, _)| *key).filter(|key| !key.contains('/'))
    }

    /// Relations that columns are taken from, each with the fields that are wanted of it: `City($select=Name)`.
    pub fn related(&self) -> impl Iterator<Item = String> {
        let within = self.columns.iter().filter_map(|(key, _)| key.split_once('/'));
        within.map(|(relation, field)| format!("{relation}($select={field})"))
    }
}

/// Which of the account's fields are this entity's.
#[derive(Debug)]
pub enum Fields {
    /// Those of these `EntityId`s.
    Of(&'static [i64]),
    /// Those whose key begins so: the manual does not tell the entity's number.
    Keyed(&'static str),
}

/// The lines of a document. They come with it, and have a stream of their own.
#[derive(Debug)]
pub struct Lines {
    pub stream: &'static str,
    pub collection: &'static str,
    /// The field that names the document.
    pub parent: &'static str,
    /// The same as a column.
    pub parent_column: &'static str,
    pub columns: Columns,
}

/// A small list that is read whole each time.
#[derive(Debug)]
pub struct Lookup {
    pub stream: &'static str,
    /// Where it is; the second where the first does not exist.
    pub paths: &'static [&'static str],
    /// The collection within each row that is meant, and the field that names the row.
    pub within: Option<(&'static str, &'static str)>,
    pub columns: Columns,
}

pub const LOOKUPS: [Lookup; 4] = [
    Lookup {
        stream: "pipelines",
        paths: &["Deals@Pipelines"],
        within: None,
        columns: &[
            ("Id", WHOLE),
            ("Name", TEXT),
            ("Ordination", WHOLE),
            ("Archived", FLAG),
            ("MayWinDeals", FLAG),
            ("MayLoseDeals", FLAG),
            ("WinDealOnLastStage", FLAG),
            ("LastUpdateDate", MOMENT),
        ],
    },
    Lookup {
        stream: "stages",
        paths: &["Deals@Pipelines"],
        within: Some(("Stages", "PipelineId")),
        columns: &[
            ("Id", WHOLE),
            ("Name", TEXT),
            ("PipelineId", WHOLE),
            ("Ordination", WHOLE),
            ("LastPipelineStage", FLAG),
        ],
    },
    Lookup {
        stream: "loss_reasons",
        paths: &["Deals@LossReasons"],
        within: None,
        columns: &[("Id", WHOLE), ("Name", TEXT), ("PipelineId", WHOLE), ("LastUpdateDate", MOMENT)],
    },
    Lookup {
        stream: "origins",
        // Public integrations use the second one; the first is the vendor's own front end's.
        paths: &["Deals@Origins", "Contacts@Origins"],
        within: None,
        columns: &[("Id", WHOLE), ("Name", TEXT), ("LastUpdateDate", MOMENT)],
    },
];

pub const ENTITIES: [Entity; 7] = [
    Entity {
        stream: "users",
        path: "Users",
        columns: &[
            ("Id", WHOLE),
            ("Name", TEXT),
            ("Email", TEXT),
            ("ProfileId", WHOLE),
            ("Suspended", FLAG),
            ("Active", FLAG),
            ("LastUpdateDate", MOMENT),
        ],
        fields: Fields::Keyed("user_"),
        lines: None,
    },
    Entity {
        stream: "contacts",
        path: "Contacts",
        columns: &[
            ("Id", WHOLE),
            ("TypeId", WHOLE),
            ("Name", TEXT),
            ("LegalName", TEXT),
            ("Register", TEXT),
            ("CNPJ", TEXT),
            ("CPF", TEXT),
            ("Email", TEXT),
            ("StatusId", WHOLE),
            ("OriginId", WHOLE),
            ("OwnerId", WHOLE),
            ("CompanyId", WHOLE),
            ("LineOfBusinessId", WHOLE),
            ("NumberOfEmployeesId", WHOLE),
            ("CityId", WHOLE),
            ("StateId", WHOLE),
            ("CountryId", WHOLE),
            ("City/Name", TEXT),
            ("State/Short", TEXT),
            ("LineOfBusiness/Name", TEXT),
            // A number there, which loses its leading zero.
            ("ZipCode", TEXT),
            ("CNAECode", TEXT),
            ("CNAEName", TEXT),
            ("LastDealId", WHOLE),
            ("LastOrderId", WHOLE),
            ("LastInteractionRecordId", WHOLE),
            ("CreatorId", WHOLE),
            ("UpdaterId", WHOLE),
            ("CreateDate", MOMENT),
            ("LastUpdateDate", MOMENT),
        ],
        fields: Fields::Of(&[1]),
        lines: None,
    },
    Entity {
        stream: "products",
        path: "Products",
        columns: &[
            ("Id", WHOLE),
            ("Name", TEXT),
            ("Code", TEXT),
            ("GroupId", WHOLE),
            ("FamilyId", WHOLE),
            ("MeasurementUnit", TEXT),
            ("UnitPrice", AMOUNT),
            ("CurrencyId", WHOLE),
            ("Suspended", FLAG),
            ("CreateDate", MOMENT),
            ("LastUpdateDate", MOMENT),
        ],
        fields: Fields::Of(&[10]),
        lines: None,
    },
    Entity {
        stream: "deals",
        path: "Deals",
        columns: &[
            ("Id", WHOLE),
            ("DealNumber", WHOLE),
            ("Title", TEXT),
            ("ContactId", WHOLE),
            ("ContactName", TEXT),
            ("PersonId", WHOLE),
            ("PersonName", TEXT),
            ("PipelineId", WHOLE),
            ("StageId", WHOLE),
            ("StatusId", WHOLE),
            ("LossReasonId", WHOLE),
            ("OriginId", WHOLE),
            ("OwnerId", WHOLE),
            ("LeadId", WHOLE),
            ("OriginDealId", WHOLE),
            ("Amount", AMOUNT),
            ("CurrencyId", WHOLE),
            ("StartAmount", AMOUNT),
            ("StartCurrencyId", WHOLE),
            ("LastQuoteId", WHOLE),
            ("WonQuoteId", WHOLE),
            ("LastOrderId", WHOLE),
            ("LastStageId", WHOLE),
            ("HasScheduledTasks", FLAG),
            ("IsLastQuoteApproved", FLAG),
            ("StartDate", MOMENT),
            ("FinishDate", MOMENT),
            ("CreatorId", WHOLE),
            ("UpdaterId", WHOLE),
            ("CreateDate", MOMENT),
            ("LastUpdateDate", MOMENT),
        ],
        fields: Fields::Of(&[2]),
        lines: None,
    },
    Entity {
        stream: "quotes",
        path: "Quotes",
        columns: &[
            ("Id", WHOLE),
            ("QuoteNumber", WHOLE),
            ("ReviewNumber", WHOLE),
            // Only the last review counts: the others would double totals.
            ("LastReview", FLAG),
            ("LastReviewId", WHOLE),
            ("DealId", WHOLE),
            ("ContactId", WHOLE),
            ("ContactName", TEXT),
            ("OwnerId", WHOLE),
            ("Date", MOMENT),
            ("ExpirationDate", MOMENT),
            ("Amount", AMOUNT),
            ("Discount", AMOUNT),
            ("CurrencyId", WHOLE),
            ("ApprovalStatusId", WHOLE),
            ("ExternallyAccepted", FLAG),
            ("PaymentMethod", TEXT),
            ("FreightCost", TEXT),
            ("CreatorId", WHOLE),
            ("UpdaterId", WHOLE),
            ("CreateDate", MOMENT),
            ("LastUpdateDate", MOMENT),
        ],
        // Quotes and their revisions are one entity here.
        fields: Fields::Of(&[6, 7]),
        lines: Some(Lines {
            stream: "quote_products",
            collection: "Products",
            parent: "QuoteId",
            parent_column: "quote_id",
            columns: &[
                ("Id", WHOLE),
                ("QuoteId", WHOLE),
                ("SectionId", WHOLE),
                ("DealId", WHOLE),
                ("ProductId", WHOLE),
                ("ProductName", TEXT),
                ("Quantity", AMOUNT),
                ("UnitPrice", AMOUNT),
                ("Discount", AMOUNT),
                ("Total", AMOUNT),
                ("CurrencyId", WHOLE),
            ],
        }),
    },
    Entity {
        stream: "orders",
        path: "Orders",
        columns: &[
            ("Id", WHOLE),
            ("OrderNumber", WHOLE),
            ("Date", MOMENT),
            ("DealId", WHOLE),
            ("ContactId", WHOLE),
            ("ContactName", TEXT),
            ("StageId", WHOLE),
            ("OwnerId", WHOLE),
            ("Amount", AMOUNT),
            ("Discount", AMOUNT),
            ("OriginQuoteId", WHOLE),
            ("ApprovalStatusId", WHOLE),
            // A text there: it may be a formula.
            ("Commission", TEXT),
            ("CommissionAmount", AMOUNT),
            ("CreatorId", WHOLE),
            ("UpdaterId", WHOLE),
            ("CreateDate", MOMENT),
            ("LastUpdateDate", MOMENT),
        ],
        fields: Fields::Of(&[4]),
        lines: Some(Lines {
            stream: "order_products",
            collection: "Products",
            parent: "OrderId",
            parent_column: "order_id",
            columns: &[
                ("Id", WHOLE),
                ("OrderId", WHOLE),
                ("SectionId", WHOLE),
                ("DealId", WHOLE),
                ("ProductId", WHOLE),
                ("ProductName", TEXT),
                ("Quantity", AMOUNT),
                ("UnitPrice", AMOUNT),
                ("Discount", AMOUNT),
                ("Total", AMOUNT),
                ("CurrencyId", WHOLE),
                ("Bonus", FLAG),
            ],
        }),
    },
    Entity {
        stream: "tasks",
        path: "Tasks",
        columns: &[
            ("Id", WHOLE),
            ("Title", TEXT),
            ("Description", TEXT),
            ("TypeId", WHOLE),
            ("ContactId", WHOLE),
            ("DealId", WHOLE),
            ("DateTime", MOMENT),
            ("EndTime", TEXT),
            ("NoTime", TEXT),
            ("Finished", FLAG),
            ("FinishDate", MOMENT),
            ("FinisherId", WHOLE),
            ("CreatorId", WHOLE),
            ("UpdaterId", WHOLE),
            ("CreateDate", MOMENT),
            ("LastUpdateDate", MOMENT),
        ],
        fields: Fields::Of(&[12]),
        lines: None,
    },
];
