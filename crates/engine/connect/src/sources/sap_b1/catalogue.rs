//! Which entities are read, which of their fields, and how each can be followed.
//!
//! Asks nothing (`crawl`). Invariant: names are those of the service's metadata, its misspellings included; none is corrected.

mod documents;
mod ledger;
mod masters;

use std::sync::Arc;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use super::custom::CustomFields;
use super::fields::DECIMALS;
use crate::column_name::sql_name;
use crate::column_type::ColumnType;
use crate::records::{RecordColumn, Shape};

const TEXT: ColumnType = ColumnType::Text;
const WHOLE: ColumnType = ColumnType::Integer;
const DATE: ColumnType = ColumnType::Date;
/// Prices, rates, quantities and amounts alike: the database keeps them all so, and companies choose how many of the digits they use.
const NUMBER: ColumnType = ColumnType::Decimal { precision: 19, scale: DECIMALS };

/// Names of fields with blanks between them, by type.
type Fields = &'static [(ColumnType, &'static str)];

/// An entity that is a stream.
#[derive(Debug)]
pub(super) struct Entity {
    /// As the service names it: `Invoices`.
    pub path: &'static str,
    /// Field that tells its rows apart.
    pub key: &'static str,
    pub shape: Arc<Shape>,
    pub lines: Option<Lines>,
    pub follow: Follow,
}

/// A list within each record, which becomes a table of its own.
#[derive(Debug)]
pub(super) struct Lines {
    /// Field that holds the list.
    pub list: &'static str,
    pub shape: Arc<Shape>,
    /// The first column: the key of the record that they belong to.
    pub parent: RecordColumn,
}

/// How changes of an entity are found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Follow {
    /// Fields with the day of entry and of the last change; where changes leave none, with the day of the posting.
    pub days: &'static [&'static str],
    /// Whether new rows have greater keys and nothing tells of changes.
    pub numbered: bool,
    /// Field with the day of the document, for a crawl that starts on some day.
    pub dated: Option<&'static str>,
    pub flag: Option<Flag>,
    pub whole: Whole,
}

/// A state that rows may enter or leave without a trace in `Follow::days`; all rows with it are looked at daily.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag {
    pub field: &'static str,
    pub word: &'static str,
    /// Whether rows with it go on changing, so that those known to have it are read again too.
    pub changing: bool,
}

/// When an entity is read from its first row to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// At first only.
    First,
    /// Daily: balances change without a date, and rows may be deleted.
    Daily,
    /// Each time: it is small, and nothing tells of changes.
    Always,
}

impl Entity {
    /// Name of the stream that is read.
    pub(super) fn stream(&self) -> &str {
        &self.shape.stream
    }

    /// Names of all streams that reading it brings.
    pub(super) fn streams(&self) -> impl Iterator<Item = &str> {
        [self.stream()].into_iter().chain(self.lines.iter().map(|lines| lines.shape.stream.as_str()))
    }

    /// The fields to ask for.
    pub(super) fn select(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let keys = self.shape.columns.iter().map(|column| outer(&column.key));
        for name in keys.chain(self.lines.iter().map(|lines| lines.list)) {
            if !names.iter().any(|known| known.as_str() == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// Whether a field that the service does not have may stay empty. One that a person has named may not.
    pub(super) fn can_do_without(&self, field: &str) -> bool {
        let follow = &self.follow;
        let lines = self.lines.as_ref().map(|lines| lines.list);
        let flag = follow.flag.map(|flag| flag.field);
        let needed = [Some(self.key), lines, flag, follow.dated].into_iter().flatten();
        !field.starts_with("U_") && needed.chain(follow.days.iter().copied()).all(|needed| needed != field)
    }

    /// Names what is asked for: when it changes, everything is to be read again.
    pub(super) fn asked(&self, first_day: Option<NaiveDate>) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{first_day:?}"));
        for shape in [Some(&self.shape), self.lines.as_ref().map(|lines| &lines.shape)].into_iter().flatten()
        {
            for RecordColumn { key, name, column_type } in &shape.columns {
                hash.update(format!("\n{key} {name} {column_type}"));
            }
        }
        short(&hash.finalize())
    }
}

fn outer(field: &str) -> &str {
    field.split('/').next().unwrap_or_default()
}

/// Eight bytes of a digest: enough to tell one content from another.
pub(super) fn short(digest: &[u8]) -> String {
    format!("{:016x}", digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
}

/// All entities, documents first.
pub(super) fn entities(custom: &CustomFields) -> Vec<Entity> {
    [documents::entities(custom), ledger::entities(custom), masters::entities(custom)]
        .into_iter()
        .flatten()
        .collect()
}

/// What one entity is declared with.
struct Declared {
    stream: &'static str,
    path: &'static str,
    key: &'static str,
    fields: Fields,
    lines: Option<DeclaredLines>,
    follow: Follow,
}

struct DeclaredLines {
    stream: &'static str,
    list: &'static str,
    /// Name of the column with the record's key.
    parent: &'static str,
    /// Field that numbers the lines.
    number: &'static str,
    fields: Fields,
}

impl Declared {
    fn entity(self, custom: &CustomFields) -> Entity {
        let columns = columns_of(self.fields, custom, self.stream);
        let key_type = columns.iter().find(|column| column.key == self.key).map_or(TEXT, |it| it.column_type);
        let shape = Shape::new(self.stream, columns, &[&sql_name(self.key)]);
        let lines = self.lines.map(|lines| {
            // A name that no field can have: it is filled from the record above.
            let above = format!("../{}", self.key);
            let parent = RecordColumn { key: above, name: lines.parent.to_owned(), column_type: key_type };
            let own = columns_of(lines.fields, custom, lines.stream);
            let columns = [parent.clone()].into_iter().chain(own).collect();
            let shape = Shape::new(lines.stream, columns, &[lines.parent, &sql_name(lines.number)]);
            Lines { list: lines.list, shape: Arc::new(shape), parent }
        });
        Entity { path: self.path, key: self.key, shape: Arc::new(shape), lines, follow: self.follow }
    }
}

/// A field within another is named after itself: `AddressExtension/ShipToState` is `ship_to_state`.
fn columns_of(fields: Fields, custom: &CustomFields, stream: &str) -> Vec<RecordColumn> {
    let declared = fields.iter().flat_map(|(column_type, names)| {
        names.split_whitespace().map(|field| RecordColumn {
            key: field.to_owned(),
            name: sql_name(field.rsplit('/').next().unwrap_or_default()),
            column_type: *column_type,
        })
    });
    declared.chain(custom.get(stream).into_iter().flatten().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn entities_have_distinct_streams_and_columns_and_hold_what_they_are_followed_by() {
        let entities = entities(&CustomFields::new());
        let mut streams = HashSet::new();
        for entity in &entities {
            assert!(entity.streams().all(|stream| streams.insert(stream.to_owned())), "{}", entity.path);
            for shape in
                [Some(&entity.shape), entity.lines.as_ref().map(|it| &it.shape)].into_iter().flatten()
            {
                let names: HashSet<&str> = shape.columns.iter().map(|column| column.name.as_str()).collect();
                assert_eq!(names.len(), shape.columns.len(), "{}", shape.stream);
                assert!(shape.key.iter().all(|key| names.contains(key.as_str())), "{}", shape.stream);
            }
            let select = entity.select();
            let follow = entity.follow;
            let needed =
                follow.days.iter().copied().chain(follow.dated).chain(follow.flag.map(|flag| flag.field));
            for field in needed.chain([entity.key]) {
                assert!(select.iter().any(|name| name == field), "{}: {field}", entity.path);
                assert!(!entity.can_do_without(field), "{}: {field}", entity.path);
            }
        }
        for promised in
            ["invoice_lines", "credit_note_lines", "order_lines", "delivery_lines", "purchase_invoice_lines"]
        {
            assert!(streams.contains(promised), "{promised}");
        }
        for promised in [
            "incoming_payment_invoices",
            "journal_entry_lines",
            "business_partners",
            "items",
            "sales_persons",
        ] {
            assert!(streams.contains(promised), "{promised}");
        }
    }

    #[test]
    fn custom_fields_are_asked_for_and_change_what_is_asked() {
        let plain = entities(&CustomFields::new());
        let column = RecordColumn::new("U_Canal", TEXT);
        let custom = entities(&[("invoices".to_owned(), vec![column])].into());
        assert!(custom[0].select().ends_with(&["U_Canal".to_owned(), "DocumentLines".to_owned()]));
        assert!(!custom[0].can_do_without("U_Canal") && custom[0].can_do_without("Comments"));
        assert_ne!(custom[0].asked(None), plain[0].asked(None));
        assert_ne!(plain[0].asked(None), plain[0].asked(NaiveDate::from_ymd_opt(2024, 1, 1)));
        assert_eq!(custom[1].asked(None), plain[1].asked(None));
    }

    #[test]
    fn fields_within_are_named_after_themselves_and_asked_for_once() {
        let entities = entities(&CustomFields::new());
        let names: Vec<&str> = entities[0].shape.columns.iter().map(|column| column.name.as_str()).collect();
        assert!(names.contains(&"ship_to_state") && names.contains(&"bpl_id_assigned_to_invoice"));
        assert_eq!(entities[0].select().iter().filter(|name| *name == "AddressExtension").count(), 1);
    }
}
