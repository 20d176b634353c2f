//! Sources: how each stands against its promise, and what a steward may do with them.
//!
//! Reads no system itself (`connect`) and runs nothing (`jobs`). Invariant: only stewards change a source or see what it was told, and
//! nobody is told a secret.

mod landed;
mod told;

use crate::house::zone;
use crate::jobs::Jobs;
use crate::reader::{Reader, internal};
use crate::uploads::Store;
use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use connect::sources::airbyte::Airbyte;
use contract::changes::ReadAgain;
use contract::failure::FailureKind;
use contract::sources::{
    Chosen, Found, Freshness, HookCard, Parameter, SourceCard, SourceDraft, SourceKind, SourcePage, SyncCard,
    Takes, Trial, Trigger,
};
use contract::{Failure, Principal};
use metastore::sources::{SourceRow, StreamState};
use metastore::{MetastoreError, now_ms};
use pipeline::{PipelineError, Schedule};
use policy::Role;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use told::{title, told};

/// Syncs that a source's page shows.
const HISTORY: u64 = 50;
/// Syncs of a day that the list draws; one a minute and some by hand.
const DAY: u64 = 2000;
/// Rejected rows that a source's page shows.
const REJECTS: usize = 50;
/// Changes that a source's page shows.
const CHANGES: u64 = 50;
/// The parameter that holds what a connector itself asks for.
const CONFIG: &str = "config";

pub struct Sources {
    pub jobs: Arc<Jobs>,
    pub uploads: Store,
    pub reader: Arc<Reader>,
    /// The address that others find us at, and whether it is the one that the company gave.
    pub door: (String, bool),
}

pub fn steward(principal: &Principal) -> Result<(), Failure> {
    if Role::of(principal).into_iter().any(Role::looks_after_sources) {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Forbidden, "only administrators and data stewards look after sources"))
}

fn missing(name: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no source `{name}`"))
}

fn failed(error: &MetastoreError) -> Failure {
    match error {
        MetastoreError::Exists { .. } => Failure::new(FailureKind::BadRequest, error.to_string()),
        MetastoreError::Missing { .. } => Failure::new(FailureKind::NotFound, error.to_string()),
        _ => internal(error),
    }
}

/// What a person has to know of a decision that could not be taken.
fn decided(error: &PipelineError) -> Failure {
    match error {
        PipelineError::NoSource { .. } => Failure::new(FailureKind::NotFound, error.to_string()),
        PipelineError::Source { .. } | PipelineError::Busy { .. } => {
            Failure::new(FailureKind::BadRequest, error.to_string())
        }
        _ => internal(error),
    }
}

#[async_trait]
impl contract::sources::Sources for Sources {
    async fn list(&self, principal: &Principal) -> Result<Vec<SourceCard>, Failure> {
        steward(principal)?;
        let mut cards = Vec::new();
        for row in self.rows().await? {
            cards.push(self.card(&row).await?);
        }
        Ok(cards)
    }

    async fn show(&self, principal: &Principal, name: &str) -> Result<SourcePage, Failure> {
        steward(principal)?;
        let row = self.row(name).await?;
        let metastore = &self.jobs.metastore;
        let states = metastore.stream_states(name).await.map_err(|error| internal(&error))?;
        let standing = metastore.standing(name).await.map_err(|error| internal(&error))?;
        let (streams, rejects) = self.landed(name, &states, &standing).await?;
        let (address, is_public) = (format!("{}/hooks/{name}", self.door.0), self.door.1);
        Ok(SourcePage {
            card: self.card(&row).await?,
            changes: metastore.changes(name, CHANGES).await.map_err(|error| internal(&error))?,
            hook: connect::hooks::has_hook(&row.kind).then_some(HookCard { address, is_public }),
            building: self.jobs.building(),
            settings: told(&row),
            streams,
            rejects,
            history: metastore.syncs(Some(name), 0, HISTORY).await.map_err(|error| internal(&error))?,
        })
    }

    async fn kinds(&self, principal: &Principal) -> Result<Vec<SourceKind>, Failure> {
        steward(principal)?;
        Ok(connect::kinds())
    }

    async fn test(&self, principal: &Principal, draft: &SourceDraft) -> Result<Trial, Failure> {
        steward(principal)?;
        let row = self.drafted(draft).await?;
        let source = self.opened(&row)?;
        let tested = source.test().await;
        source.close().await;
        let tested = tested.map_err(|error| Failure::new(FailureKind::BadRequest, error.to_string()))?;
        let found = |stream: connect::StreamTested| {
            let found = match (stream.problem, stream.is_empty) {
                (Some(problem), _) => Found::Refused(problem),
                (None, true) => Found::Nothing,
                (None, false) => Found::Rows,
            };
            (stream.name, found)
        };
        Ok(Trial {
            facts: tested.facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            warnings: tested.warnings,
            streams: tested.streams.into_iter().map(found).collect(),
        })
    }

    async fn wants(&self, principal: &Principal, draft: &SourceDraft) -> Result<Vec<Parameter>, Failure> {
        steward(principal)?;
        let bare = SourceDraft { fields: BTreeMap::new(), ..draft.clone() };
        let row = self.drafted(&bare).await?;
        Ok(connect::sources::airbyte::parameters(&self.specification(&row).await?))
    }

    async fn add(&self, principal: &Principal, draft: &SourceDraft) -> Result<(), Failure> {
        steward(principal)?;
        let row = self.drafted(draft).await?;
        self.opened(&row)?;
        self.jobs.metastore.add_source(&row).await.map_err(|error| failed(&error))?;
        self.keep_choice(&draft.name, draft.streams.as_ref()).await?;
        self.jobs.reschedule();
        Ok(())
    }

    async fn change(&self, principal: &Principal, draft: &SourceDraft) -> Result<(), Failure> {
        steward(principal)?;
        self.row(&draft.name).await?;
        let row = self.drafted(draft).await?;
        self.opened(&row)?;
        self.jobs.metastore.change_source(&row).await.map_err(|error| failed(&error))?;
        self.keep_choice(&draft.name, draft.streams.as_ref()).await?;
        self.jobs.reschedule();
        Ok(())
    }

    async fn remove(&self, principal: &Principal, name: &str) -> Result<(), Failure> {
        steward(principal)?;
        self.jobs.cancel(name);
        let row = self.row(name).await?;
        self.jobs.metastore.remove_source(name).await.map_err(|error| failed(&error))?;
        if row.kind == "sheet" {
            self.forget_sheet(&row).await?;
        }
        self.jobs.reschedule();
        Ok(())
    }

    async fn sync(&self, principal: &Principal, name: &str) -> Result<(), Failure> {
        steward(principal)?;
        self.row(name).await?;
        self.jobs.sync(name, Trigger::Person);
        Ok(())
    }

    async fn read_again(
        &self,
        principal: &Principal,
        name: &str,
        since: &str,
    ) -> Result<Vec<(String, ReadAgain)>, Failure> {
        steward(principal)?;
        let day = since.parse().map_err(|_| {
            Failure::new(FailureKind::BadRequest, format!("`{since}` is no day; write it as 2024-01-31"))
        })?;
        let pipeline = self.jobs.pipeline().await.map_err(|error| internal(error.as_ref()))?;
        let told = pipeline.read_again(name, day).await.map_err(|error| decided(&error))?;
        if told.iter().all(|(_, what)| *what == ReadAgain::Never) {
            let why = "what was sent to us cannot be asked for again, and the source has nothing else";
            return Err(Failure::new(FailureKind::BadRequest, why));
        }
        self.jobs.sync(name, Trigger::Person);
        Ok(told)
    }

    async fn choose(&self, principal: &Principal, name: &str, chosen: &Chosen) -> Result<(), Failure> {
        steward(principal)?;
        self.row(name).await?;
        self.keep_choice(name, Some(chosen)).await?;
        self.jobs.reschedule();
        Ok(())
    }

    async fn accept(&self, principal: &Principal, name: &str, stream: &str) -> Result<(), Failure> {
        steward(principal)?;
        let pipeline = self.jobs.pipeline().await.map_err(|error| internal(error.as_ref()))?;
        pipeline.accept_changes(name, stream).await.map_err(|error| decided(&error))?;
        self.jobs.sync(name, Trigger::Person);
        Ok(())
    }

    async fn syncs(&self, principal: &Principal, name: &str, limit: u32) -> Result<Vec<SyncCard>, Failure> {
        steward(principal)?;
        self.row(name).await?;
        let syncs = self.jobs.metastore.syncs(Some(name), 0, u64::from(limit)).await;
        syncs.map_err(|error| internal(&error))
    }

    async fn cancel(&self, principal: &Principal, name: &str) -> Result<(), Failure> {
        steward(principal)?;
        self.row(name).await?;
        self.jobs.cancel(name);
        Ok(())
    }
}

impl Sources {
    async fn rows(&self) -> Result<Vec<SourceRow>, Failure> {
        self.jobs.metastore.sources().await.map_err(|error| internal(&error))
    }

    async fn row(&self, name: &str) -> Result<SourceRow, Failure> {
        self.rows().await?.into_iter().find(|row| row.name == name).ok_or_else(|| missing(name))
    }

    /// A sheet takes its pack with it, and the uploads that no other sheet is made of; the pack's files stay where they are.
    async fn forget_sheet(&self, row: &SourceRow) -> Result<(), Failure> {
        match self.jobs.metastore.remove_pack(&row.name).await {
            Ok(()) => self.jobs.build(),
            Err(MetastoreError::Missing { .. }) => {}
            Err(error) => return Err(failed(&error)),
        }
        let used = crate::uploads::contents(&self.rows().await?);
        for id in crate::uploads::contents(std::slice::from_ref(row)).difference(&used) {
            self.uploads.remove(id);
        }
        Ok(())
    }

    async fn keep_choice(&self, name: &str, chosen: Option<&Chosen>) -> Result<(), Failure> {
        let chosen = match chosen {
            None => return Ok(()),
            Some(Chosen::All) => None,
            Some(Chosen::Only(streams)) if streams.is_empty() => {
                let why = "the source would read nothing; choose a stream, or remove the source";
                return Err(Failure::new(FailureKind::BadRequest, why));
            }
            Some(Chosen::Only(streams)) => Some(streams),
        };
        self.jobs.metastore.choose_streams(name, chosen).await.map_err(|error| failed(&error))
    }

    async fn card(&self, row: &SourceRow) -> Result<SourceCard, Failure> {
        let metastore = &self.jobs.metastore;
        let now = now_ms();
        let ago = |error: MetastoreError| internal(&error);
        let mut last_day = metastore.syncs(Some(&row.name), now - 86_400_000, DAY).await.map_err(ago)?;
        let workspace = metastore.workspace().await.map_err(ago)?;
        let zone = zone(&workspace).map_err(|error| internal(error.as_ref()))?;
        let today = Utc::now().with_timezone(&zone).date_naive();
        let rows_today = last_day
            .iter()
            .filter(|sync| {
                sync.started_at
                    .parse::<DateTime<Utc>>()
                    .is_ok_and(|started| started.with_timezone(&zone).date_naive() == today)
            })
            .map(|sync| sync.rows)
            .sum();
        let last = match last_day.first() {
            Some(last) => Some(last.clone()),
            None => metastore.syncs(Some(&row.name), 0, 1).await.map_err(ago)?.into_iter().next(),
        };
        last_day.reverse();
        let states = metastore.stream_states(&row.name).await.map_err(ago)?;
        let (whole, began) = metastore.last_syncs(&row.name).await.map_err(ago)?;
        let schedule = Schedule::of(row.schedule.as_deref(), row.promised_minutes);
        let due = self
            .jobs
            .due(&row.name, row.schedule.as_deref(), row.promised_minutes, began, Utc::now())
            .await
            .map_err(|error| internal(error.as_ref()))?;
        Ok(SourceCard {
            name: row.name.clone(),
            kind: row.kind.clone(),
            title: title(&row.kind),
            streams: u32::try_from(states.len()).unwrap_or(u32::MAX),
            freshness: freshness(whole, &states, row.promised_minutes),
            scheduled: row.schedule.is_some(),
            schedule: schedule.map_or_else(|why| why, |schedule| schedule.to_string()),
            next_at: due
                .filter(|_| self.jobs.keeps_schedule())
                .map(|due| due.max(Utc::now()).format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            rows_today,
            last_day,
            last,
            running: self.jobs.running().remove(&row.name),
            refused: metastore.standing(&row.name).await.map_err(ago)?.refused,
        })
    }

    /// The source as the draft tells it, on top of what is known of a source of that name; secrets that the draft leaves out stay.
    async fn drafted(&self, draft: &SourceDraft) -> Result<SourceRow, Failure> {
        let refused = |why: String| Failure::new(FailureKind::BadRequest, why);
        let kind = connect::kinds().into_iter().find(|kind| kind.kind == draft.kind);
        let kind = kind.ok_or_else(|| refused(format!("`{}` is no kind of source", draft.kind)))?;
        Schedule::of(draft.schedule.as_deref(), draft.promised_minutes).map_err(refused)?;
        let known =
            self.rows().await?.into_iter().find(|row| row.name == draft.name && row.kind == draft.kind);
        let mut row = SourceRow {
            name: draft.name.clone(),
            kind: draft.kind.clone(),
            params: Value::Object(Map::new()),
            secrets: known.map(|known| known.secrets).unwrap_or_default(),
            promised_minutes: draft.promised_minutes.or(Some(kind.promised_minutes)),
            schedule: draft.schedule.clone().filter(|words| !words.trim().is_empty()),
        };
        for (name, value) in draft.values.iter().filter(|(_, value)| !value.trim().is_empty()) {
            let parameter = kind
                .parameter(name)
                .ok_or_else(|| refused(format!("`{name}` is no parameter of this kind")))?;
            if parameter.takes == Takes::Secret {
                let sealed = self.jobs.metastore.seal_secret(&row.name, name, value);
                row.secrets.insert(name.clone(), sealed.map_err(|error| internal(&error))?);
            } else {
                row.params[name] = value.clone().into();
            }
        }
        if !draft.fields.is_empty() {
            let specification = self.specification(&row).await?;
            let config =
                connect::sources::airbyte::configuration(&specification, &draft.fields).map_err(refused)?;
            let sealed = self.jobs.metastore.seal_secret(&row.name, CONFIG, &config.to_string());
            row.secrets.insert(CONFIG.to_owned(), sealed.map_err(|error| internal(&error))?);
        }
        Ok(row)
    }

    /// What a connector says of its own configuration. It is installed for that, and told nothing.
    async fn specification(&self, row: &SourceRow) -> Result<Value, Failure> {
        let refused = |why: String| Failure::new(FailureKind::BadRequest, why);
        if row.kind != "airbyte" {
            return Err(refused(format!("a source of kind `{}` asks for nothing else", row.kind)));
        }
        let connector = Airbyte::from_settings(&row.name, &row.params, &self.jobs.surroundings);
        let connector = connector.map_err(|error| refused(error.to_string()))?;
        connector.specification().await.map_err(|error| refused(error.to_string()))
    }

    fn opened(&self, row: &SourceRow) -> Result<Arc<dyn connect::Source>, Failure> {
        let settings = self.jobs.metastore.settings_of(row).map_err(|error| internal(&error))?;
        connect::open(&row.kind, &row.name, &settings, &self.jobs.surroundings)
            .map_err(|error| Failure::new(FailureKind::BadRequest, error.to_string()))
    }
}

/// Since when a source is as it should be: its last whole sync, or for one that was read before syncs were noted its newest rows.
pub fn freshness(
    whole: Option<i64>,
    states: &BTreeMap<String, StreamState>,
    promised_minutes: Option<u64>,
) -> Freshness {
    let newest = states.values().map(|state| state.loaded_at).max().filter(|at| *at > 0);
    let since = whole.or(newest);
    let age =
        since.map(|since| Duration::milliseconds(now_ms() - since).num_minutes().max(0).cast_unsigned());
    Freshness { age_minutes: age, promised_minutes }
}
