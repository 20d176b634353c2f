//! Uploads: a sheet that a person sends becomes a source, a pack and a board.
//!
//! Holds no bytes of the sheet. Invariant: everything about an upload has a default, so that saying nothing makes a board too.

use crate::{Failure, Principal};
use async_trait::async_trait;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes that an upload may have.
pub const MOST_BYTES: u64 = 200 << 20;

/// What the values of a column are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    Text,
    Integer,
    Decimal,
    Money,
    Date,
    /// Yes or no.
    Flag,
}

impl ValueKind {
    pub const ALL: [ValueKind; 6] = [
        ValueKind::Text,
        ValueKind::Integer,
        ValueKind::Decimal,
        ValueKind::Money,
        ValueKind::Date,
        ValueKind::Flag,
    ];

    pub fn word(self) -> &'static str {
        match self {
            ValueKind::Text => "text",
            ValueKind::Integer => "integer",
            ValueKind::Decimal => "decimal",
            ValueKind::Money => "money",
            ValueKind::Date => "date",
            ValueKind::Flag => "flag",
        }
    }

    pub fn is_number(self) -> bool {
        matches!(self, ValueKind::Integer | ValueKind::Decimal | ValueKind::Money)
    }
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Rows are dated by it; one column at most.
    Date,
    Sum,
    Mean,
    /// Figures are broken down by it.
    Dimension,
    LeaveOut,
}

impl Role {
    pub const ALL: [Role; 5] = [Role::Date, Role::Sum, Role::Mean, Role::Dimension, Role::LeaveOut];

    pub fn word(self) -> &'static str {
        match self {
            Role::Date => "date",
            Role::Sum => "sum",
            Role::Mean => "mean",
            Role::Dimension => "dimension",
            Role::LeaveOut => "leave_out",
        }
    }
}

/// What a person said about an upload; what is left out is found in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadDraft {
    pub title: Option<String>,
    /// Sheet of the workbook.
    pub sheet: Option<String>,
    /// By the columns' SQL names.
    pub kinds: BTreeMap<String, ValueKind>,
    pub roles: BTreeMap<String, Role>,
    /// Rows that repeat a total count like any other.
    pub keep_totals: bool,
}

/// An upload as its page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UploadPage {
    pub id: String,
    /// What the person called the file.
    pub file: String,
    pub bytes: u64,
    pub title: String,
    pub sheets: Vec<String>,
    pub sheet: Option<String>,
    /// Rows that fit.
    pub rows: u64,
    pub rejected: u64,
    /// Rows that repeat a total.
    pub totals: u64,
    pub keep_totals: bool,
    /// Rows that fit and have no date; they count nowhere.
    pub dateless: u64,
    /// First and last day; none when no column has the role of a date.
    pub span: Option<(NaiveDate, NaiveDate)>,
    pub columns: Vec<UploadColumn>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UploadColumn {
    /// Its SQL name.
    pub name: String,
    /// What the file calls it, or its name.
    pub label: String,
    pub kind: ValueKind,
    pub role: Role,
    pub values: u64,
    /// Different values; none when there are too many to count.
    pub distinct: Option<u64>,
    /// Of numbers, their sum as `(unscaled, scale)` in text: an integer may have more digits than JSON keeps.
    pub total: Option<(String, u8)>,
    pub examples: Vec<UploadExample>,
    pub misfits: u64,
    /// Some values that do not fit, with their rows.
    pub strangers: Vec<(i64, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadExample {
    pub written: String,
    /// Numbers with a point, days as ISO; none when it does not fit.
    pub understood: Option<String>,
}

/// Why an upload makes no board, as far as a person can mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    NoFile,
    TooLarge,
    Empty,
    /// An old .xls, or protected by a password.
    Protected,
    /// Neither CSV nor XLSX.
    NotATable,
    /// Broken, or over a limit: the reader's own words.
    Unreadable(String),
    NoDate,
    NothingFits,
    /// The same content is in the sheet already.
    Same,
    /// Columns that the sheet's board needs and the new file does not have.
    MissingColumns(Vec<String>),
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal::Failure(failure)
    }
}

/// How the making of a board stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Making {
    pub source: String,
    pub step: Step,
    /// Rows landed so far.
    pub rows: u64,
    pub rejected: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Reading,
    Building,
    /// The board of this id can be opened.
    Ready(String),
    Failed(String),
}

/// What a new file would change in a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    pub source: String,
    /// The upload and what it is called.
    pub id: String,
    pub file: String,
    pub rows: u64,
    pub rejected: u64,
    /// Columns of the sheet that the file does not have.
    pub missing: Vec<String>,
    /// Columns that only the file has; they are landed and shown nowhere.
    pub added: Vec<String>,
    /// Columns with values that do not fit their type: label, how many, and some of them with their rows.
    pub misfits: Vec<(String, u64, Vec<(i64, String)>)>,
    /// Whether a column that is missing is one that the board needs.
    pub breaks: bool,
}

#[async_trait]
pub trait Uploads: Send + Sync {
    /// Looks at an upload as the draft says.
    async fn look(&self, principal: &Principal, id: &str, draft: &UploadDraft)
    -> Result<UploadPage, Refusal>;
    /// Stores source and pack and starts reading; answers the source's name.
    async fn make(&self, principal: &Principal, id: &str, draft: &UploadDraft) -> Result<String, Refusal>;
    /// How the board of a sheet stands.
    async fn making(&self, principal: &Principal, source: &str) -> Result<Making, Failure>;
    /// What an upload would change in a sheet.
    async fn compare(&self, principal: &Principal, source: &str, id: &str) -> Result<Replacement, Refusal>;
    /// Puts an upload in the place of a sheet's files, or (`append`) after them, and starts reading.
    async fn replace(
        &self,
        principal: &Principal,
        source: &str,
        id: &str,
        append: bool,
    ) -> Result<(), Refusal>;
}
