//! Sources: which kinds there are, and what each has to be told before it can be read.
//!
//! Holds no secret and no row. Invariant: form, command line and API are made from the same declaration.

use crate::changes::{ChangeCard, ReadAgain};
use crate::{Failure, Principal};
use async_trait::async_trait;
use kpi::definition::Label;
use serde::{Deserialize, Serialize};

/// A kind of source, as a person chooses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceKind {
    /// The word in `mirante source add <kind>`.
    pub kind: String,
    pub title: Label,
    /// What it reads and what it needs, in a sentence or two.
    pub about: Label,
    pub parameters: Vec<Parameter>,
    /// How old its data may get, in minutes, unless a person says otherwise.
    pub promised_minutes: u64,
}

impl SourceKind {
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// One thing that a source has to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Key in the source's settings; `--<name>` on the command line with `-` for `_`.
    pub name: String,
    pub label: Label,
    pub help: Label,
    pub takes: Takes,
    pub required: bool,
    /// What holds when it is left out, as a person would write it.
    pub default: Option<String>,
}

/// What a parameter's value may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    Text,
    /// `https://host[:port]/path`.
    Address,
    /// Kept encrypted, never shown again.
    Secret,
    Number {
        min: i64,
        max: i64,
    },
    Flag,
    /// One of these words.
    Choice(Vec<String>),
    /// Text of several lines: a certificate, a query.
    Lines,
}

impl Parameter {
    fn new(name: &str, takes: Takes, label: (&str, &str), help: (&str, &str)) -> Parameter {
        let said = |(pt, en): (&str, &str)| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
        Parameter {
            name: name.to_owned(),
            label: said(label),
            help: said(help),
            takes,
            required: false,
            default: None,
        }
    }

    /// A parameter without which the source cannot be opened. Label and help are in Portuguese and English.
    pub fn required(name: &str, takes: Takes, label: (&str, &str), help: (&str, &str)) -> Parameter {
        Parameter { required: true, ..Parameter::new(name, takes, label, help) }
    }

    /// A parameter that may be left out; then nothing stands for it.
    pub fn optional(name: &str, takes: Takes, label: (&str, &str), help: (&str, &str)) -> Parameter {
        Parameter::new(name, takes, label, help)
    }

    /// A parameter that may be left out; then `default` holds.
    pub fn with_default(
        name: &str,
        takes: Takes,
        default: &str,
        label: (&str, &str),
        help: (&str, &str),
    ) -> Parameter {
        Parameter { default: Some(default.to_owned()), ..Parameter::new(name, takes, label, help) }
    }

    pub fn is_secret(&self) -> bool {
        self.takes == Takes::Secret
    }
}

/// A source as the list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceCard {
    pub name: String,
    pub kind: String,
    /// The kind as people call it.
    pub title: Label,
    pub streams: u32,
    pub freshness: Freshness,
    /// When it is read, as a person wrote it or as follows from the promise: `every 8m`, `0 6 * * 1-5`, `manual`.
    pub schedule: String,
    /// Whether a person wrote it.
    pub scheduled: bool,
    /// RFC 3339, UTC; none when it is read by hand or the schedule stands still.
    pub next_at: Option<String>,
    /// Rows landed since midnight of the workspace.
    pub rows_today: u64,
    /// Syncs that began in the last 24 hours, oldest first.
    pub last_day: Vec<SyncCard>,
    /// The newest sync, whenever that was.
    pub last: Option<SyncCard>,
    /// What is being read at this moment.
    pub running: Option<SyncProgress>,
    /// Why the system let nobody in; it is not read by itself until its settings are changed.
    pub refused: Option<String>,
}

/// How old the data is, against what was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// Since the last sync that brought everything; none when there was none.
    pub age_minutes: Option<u64>,
    pub promised_minutes: Option<u64>,
}

impl Freshness {
    /// Whether the promise is broken. A source that was never read has broken none yet.
    pub fn is_late(&self) -> bool {
        matches!((self.age_minutes, self.promised_minutes), (Some(age), Some(promised)) if age > promised)
    }
}

/// A sync that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncProgress {
    pub source: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub seconds: u64,
    /// Rows landed so far.
    pub rows: u64,
    /// The stream whose rows came last.
    pub stream: Option<String>,
    pub cancelling: bool,
}

/// Why a source was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    Schedule,
    /// Somebody asked for it.
    Person,
    /// Part of a whole run from the command line.
    Run,
}

impl Trigger {
    pub const ALL: [Trigger; 3] = [Trigger::Schedule, Trigger::Person, Trigger::Run];

    pub fn word(self) -> &'static str {
        match self {
            Trigger::Schedule => "schedule",
            Trigger::Person => "person",
            Trigger::Run => "run",
        }
    }
}

/// How a sync stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    Running,
    /// Everything that was new is here.
    Done,
    /// Some of it is here; the message tells what is not, and the next sync tries again.
    Partial,
    Failed,
    /// Somebody stopped it; what had been landed stays.
    Cancelled,
    /// The process ended in the middle; the next sync goes on.
    Interrupted,
}

impl SyncState {
    pub const ALL: [SyncState; 6] = [
        SyncState::Running,
        SyncState::Done,
        SyncState::Partial,
        SyncState::Failed,
        SyncState::Cancelled,
        SyncState::Interrupted,
    ];

    pub fn word(self) -> &'static str {
        match self {
            SyncState::Running => "running",
            SyncState::Done => "done",
            SyncState::Partial => "partial",
            SyncState::Failed => "failed",
            SyncState::Cancelled => "cancelled",
            SyncState::Interrupted => "interrupted",
        }
    }
}

/// One time that a source was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncCard {
    pub id: String,
    pub source: String,
    pub trigger: Trigger,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub finished_at: Option<String>,
    /// How long it took.
    pub seconds: Option<u64>,
    pub state: SyncState,
    pub rows: u64,
    pub rejected: u64,
    /// What went wrong: what, where and the remedy.
    pub message: Option<String>,
}

/// Everything about one source that its page shows. Secrets are named, never told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourcePage {
    pub card: SourceCard,
    /// What it was told, without secrets.
    pub settings: Vec<Told>,
    pub streams: Vec<StreamCard>,
    /// The newest rows that did not fit, some of them.
    pub rejects: Vec<RejectCard>,
    /// Newest first.
    pub history: Vec<SyncCard>,
    /// Newest first.
    pub changes: Vec<ChangeCard>,
    /// Where its system sends what happens, if it does.
    pub hook: Option<HookCard>,
    /// The build that is under way, of this source's rows or those of others.
    pub building: Option<BuildProgress>,
}

/// The address that a system sends to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookCard {
    pub address: String,
    /// Whether it can be the one that the world knows: `public_url` is set.
    pub is_public: bool,
}

/// How far a build has got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildProgress {
    /// `transform`, `check`, …
    pub step: String,
    /// Models or checks that are ready, of how many; both 0 while that is not known.
    pub done: u32,
    pub total: u32,
}

/// A parameter and what it was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub parameter: Parameter,
    /// None for what was left out; of a secret only that there is one.
    pub value: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCard {
    pub name: String,
    /// `raw.<source>__<stream>`.
    pub table: String,
    /// RFC 3339, UTC: when rows last came.
    pub loaded_at: Option<String>,
    pub rows: Option<u64>,
    pub rejected: Option<u64>,
    pub reads: StreamReads,
    /// The models that its table is read by: `staging.stg_crm_deals`.
    pub used_by: Vec<String>,
}

/// Whether a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamReads {
    Yes,
    /// A person took it out: its rows stay, and no new ones come.
    Resting,
    /// Another stream brings it along.
    Along,
}

/// A value that did not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectCard {
    pub stream: String,
    /// The file or the endpoint.
    pub place: String,
    pub row: String,
    pub column: String,
    pub value: String,
    pub reason: String,
}

/// A source as a form describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceDraft {
    pub kind: String,
    pub name: String,
    pub promised_minutes: Option<u64>,
    pub schedule: Option<String>,
    /// Parameter → text. A secret that is left out keeps the value that it has.
    pub values: std::collections::BTreeMap<String, String>,
    /// What a connector itself asks for (`Sources::wants`): name → text. Empty where it was told in one piece, or stays as it is.
    pub fields: std::collections::BTreeMap<String, String>,
    /// Which streams are read; none to leave that as it is.
    pub streams: Option<Chosen>,
}

/// The streams that are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// Those that are yet to come included.
    All,
    Only(std::collections::BTreeSet<String>),
}

/// What trying a source out found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    pub facts: Vec<(String, String)>,
    pub warnings: Vec<String>,
    /// Stream → whether it is empty, or why it cannot be read.
    pub streams: Vec<(String, Found)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Rows,
    Nothing,
    Refused(String),
}

#[async_trait]
pub trait Sources: Send + Sync {
    async fn list(&self, principal: &Principal) -> Result<Vec<SourceCard>, Failure>;
    async fn show(&self, principal: &Principal, name: &str) -> Result<SourcePage, Failure>;
    async fn kinds(&self, principal: &Principal) -> Result<Vec<SourceKind>, Failure>;
    /// Opens the draft and asks the system itself; stores nothing.
    async fn test(&self, principal: &Principal, draft: &SourceDraft) -> Result<Trial, Failure>;
    /// What the connector that a draft names asks for, where it is one that tells.
    async fn wants(&self, principal: &Principal, draft: &SourceDraft) -> Result<Vec<Parameter>, Failure>;
    async fn add(&self, principal: &Principal, draft: &SourceDraft) -> Result<(), Failure>;
    /// Tells a source anew; its bookmarks stay.
    async fn change(&self, principal: &Principal, draft: &SourceDraft) -> Result<(), Failure>;
    /// Forgets a source; what it has landed stays.
    async fn remove(&self, principal: &Principal, name: &str) -> Result<(), Failure>;
    /// Starts a sync; one that is under way goes on.
    async fn sync(&self, principal: &Principal, name: &str) -> Result<(), Failure>;
    /// Starts a sync that reads everything since a day (`2024-01-31`) again; tells what each stream will bring.
    async fn read_again(
        &self,
        principal: &Principal,
        name: &str,
        since: &str,
    ) -> Result<Vec<(String, ReadAgain)>, Failure>;
    /// Chooses which streams are read; the others rest, and their rows stay.
    async fn choose(&self, principal: &Principal, name: &str, chosen: &Chosen) -> Result<(), Failure>;
    /// Takes in what holds a stream: its table starts again, with a sync that is started now.
    async fn accept(&self, principal: &Principal, name: &str, stream: &str) -> Result<(), Failure>;
    /// Newest first.
    async fn syncs(&self, principal: &Principal, name: &str, limit: u32) -> Result<Vec<SyncCard>, Failure>;
    /// Ends a sync that is under way; what it has landed stays.
    async fn cancel(&self, principal: &Principal, name: &str) -> Result<(), Failure>;
}
