//! Reading editions: each is opened once, and what has been asked of it is remembered.
//!
//! Does not decide who may ask (`answers`). Invariant: an answer is computed from exactly one edition as its asker may see it, and a
//! remembered answer belongs to the edition, what may be seen, the question and nothing else.

use chrono::NaiveDate;
use contract::boards::Board;
use contract::failure::FailureKind;
use contract::{Failure, Principal};
use kpi::{Calendar, Frame, MetricQuery};
use lake::arrow::array::AsArray;
use lake::arrow::datatypes::Date32Type;
use lake::{Lake, LakeError, Relations, Session, Sight, TableName};
use metastore::Metastore;
use metastore::editions::EditionRow;
use pipeline::{Bundle, bundle_of, relations_of};
use query::{AskError, Catalogue, Clock, MetricsFile};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Weight of remembered answers, in cells.
const REMEMBERED_CELLS: u64 = 4_000_000;

/// Sessions that an edition keeps, one for each sight; beyond it, all are made anew.
const SIGHTS: usize = 256;

/// Schema of the tables that boards read.
const MARTS: &str = "marts";

/// What an answer belongs to: the edition, what its asker may see (`None` is everything), and the question.
type Key = (u64, Option<Arc<Sight>>, String);

/// Dimensions whose members are remembered.
const REMEMBERED_DIMENSIONS: u64 = 500;

pub struct Reader {
    metastore: Metastore,
    lake: Lake,
    current: RwLock<Option<Arc<OpenEdition>>>,
    frames: moka::future::Cache<Key, Arc<Frame>>,
    members: moka::future::Cache<Key, Arc<Vec<String>>>,
}

/// An edition with its definitions understood.
pub struct OpenEdition {
    pub number: u64,
    pub row: EditionRow,
    /// Sees everything; what a principal asks goes through `session_of`.
    session: Session,
    sessions: Mutex<HashMap<Arc<Sight>, Session>>,
    pub catalogue: Catalogue,
    pub bundle: Bundle,
    pub clock: Clock,
}

impl OpenEdition {
    /// Every table and view of the edition, whoever may see them.
    pub fn relations(&self) -> &Relations {
        self.session.relations()
    }

    /// What the principal may see of this edition; `None` for everything. The rules of `now` come before its own: what was closed since
    /// is closed in older editions too.
    fn sight_of(&self, now: &OpenEdition, principal: &Principal) -> Option<Arc<Sight>> {
        let schemas: BTreeSet<String> =
            self.session.relations().keys().map(|table| table.schema.clone()).collect();
        let rules = if now.number == self.number {
            Cow::Borrowed(&self.bundle.rules)
        } else {
            let mut rules = self.bundle.rules.clone();
            rules.tables.extend(now.bundle.rules.tables.clone());
            Cow::Owned(rules)
        };
        rules.sight(principal, &schemas, MARTS).map(Arc::new)
    }

    /// What the principal may see of this edition while it is the current one; `None` for everything.
    pub fn sight(&self, principal: &Principal) -> Option<Arc<Sight>> {
        self.sight_of(self, principal)
    }

    /// What can be asked of its slices: every metric, by the dimensions that pages offer.
    pub fn sliced(&self) -> plan::Definitions {
        let metrics = self.catalogue.metrics();
        let mut dimensions: BTreeSet<&str> =
            self.bundle.boards.iter().flat_map(|board| &board.filters).map(String::as_str).collect();
        for metric in metrics {
            let levels = metric.hierarchies.iter().flat_map(|hierarchy| &hierarchy.levels);
            dimensions.extend(metric.dimensions.iter().chain(levels).map(String::as_str));
        }
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        let dimensions: Vec<&str> = dimensions.into_iter().collect();
        self.catalogue.planned().only(&names, &dimensions)
    }

    /// The edition as whoever has this sight may see it.
    pub fn session_of(&self, sight: Option<&Arc<Sight>>) -> Session {
        let Some(sight) = sight else { return self.session.clone() };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= SIGHTS {
            sessions.clear();
        }
        sessions.entry(sight.clone()).or_insert_with(|| self.session.seen_with(sight.clone())).clone()
    }

    pub fn board(&self, id: &str) -> Option<&Board> {
        self.bundle.boards.iter().find(|board| board.id == id)
    }
}

impl Reader {
    pub fn new(metastore: Metastore, lake: Lake) -> Reader {
        let frames = moka::future::Cache::builder()
            .max_capacity(REMEMBERED_CELLS)
            .weigher(|_, frame: &Arc<Frame>| {
                u32::try_from(32 + frame.rows.len() * frame.columns.len().max(1)).unwrap_or(u32::MAX)
            })
            .build();
        Reader {
            metastore,
            lake,
            current: RwLock::new(None),
            frames,
            members: moka::future::Cache::new(REMEMBERED_DIMENSIONS),
        }
    }

    pub fn metastore(&self) -> &Metastore {
        &self.metastore
    }

    /// Table → the models of the current edition that read it; none while nothing is published.
    ///
    /// # Errors
    /// When the edition cannot be read.
    pub async fn users(&self) -> Result<BTreeMap<String, Vec<String>>, Failure> {
        let edition = match self.current().await {
            Err(failure) if failure.kind == FailureKind::NothingPublished => return Ok(BTreeMap::new()),
            edition => edition?,
        };
        let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for node in &edition.bundle.lineage {
            for table in &node.parents {
                users.entry(table.clone()).or_default().push(node.relation.clone());
            }
        }
        Ok(users)
    }

    /// The edition that readers see now.
    pub async fn current(&self) -> Result<Arc<OpenEdition>, Failure> {
        let number = self.metastore.current_number().await.map_err(|error| internal(&error))?;
        let Some(number) = number else {
            return Err(Failure::new(
                FailureKind::NothingPublished,
                "nothing has been published yet; add a source and a pack, then start `mirante run`",
            ));
        };
        let known = self.current.read().ok().and_then(|current| current.clone());
        if let Some(known) = known.filter(|edition| edition.number == number) {
            return Ok(known);
        }
        let opened = Arc::new(self.open(number).await?);
        if let Ok(mut current) = self.current.write() {
            *current = Some(opened.clone());
        }
        Ok(opened)
    }

    /// The current edition, or the one that the questions name.
    async fn asked(&self, number: Option<u64>) -> Result<Arc<OpenEdition>, Failure> {
        let current = self.current().await?;
        match number {
            Some(number) if number != current.number => Ok(Arc::new(self.open(number).await?)),
            _ => Ok(current),
        }
    }

    async fn open(&self, number: u64) -> Result<OpenEdition, Failure> {
        let row = self.metastore.edition(Some(number)).await.map_err(|error| internal(&error))?;
        let Some(row) = row else {
            return Err(Failure::new(
                FailureKind::NotFound,
                format!("there is no edition {number}; see /api/v1/editions"),
            ));
        };
        let relations = relations_of(&row).map_err(|error| internal(&error))?;
        let bundle = bundle_of(&row).map_err(|error| internal(&error))?;
        let session = self.lake.session(relations);
        let catalogue =
            Catalogue::build(&session, &metrics_files(&bundle)).await.map_err(|error| internal(&error))?;
        let days_off = company_days_off(&session).await.map_err(|error| internal(&error))?;
        let clock = Clock { covered: row.as_of, calendar: calendar().with_days_off(days_off) };
        Ok(OpenEdition { number, row, session, sessions: Mutex::default(), catalogue, bundle, clock })
    }

    /// Answers in the order of the questions. Questions of one call that name no edition are answered from the same one.
    pub async fn ask(
        &self,
        principal: &Principal,
        queries: &[MetricQuery],
    ) -> Result<Vec<Result<Frame, Failure>>, Failure> {
        let current = self.current().await?;
        let sight = current.sight_of(&current, principal);
        let mut answers: Vec<Option<Result<Frame, Failure>>> = Vec::with_capacity(queries.len());
        let mut missing = Vec::new();
        for (index, query) in queries.iter().enumerate() {
            let known = match query.edition {
                Some(number) if number != current.number => None,
                _ => self.frames.get(&(current.number, sight.clone(), key(query))).await,
            };
            if known.is_none() {
                missing.push(index);
            }
            answers.push(known.map(|frame| Ok(frame.as_ref().clone())));
        }
        for edition in self.editions_of(queries, &missing, current.clone()).await? {
            let (edition, indexes) = edition;
            let asked: Vec<MetricQuery> = indexes.iter().map(|index| queries[*index].clone()).collect();
            let sight = edition.sight_of(&current, principal);
            let session = edition.session_of(sight.as_ref());
            let frames =
                query::ask(&session, &edition.catalogue, &asked, &edition.clock, edition.number).await;
            for (index, frame) in indexes.into_iter().zip(frames) {
                let frame = match frame {
                    Ok(frame) => {
                        let key = (edition.number, sight.clone(), key(&queries[index]));
                        self.frames.insert(key, Arc::new(frame.clone())).await;
                        Ok(frame)
                    }
                    Err(error) => Err(refused(&error)),
                };
                answers[index] = Some(frame);
            }
        }
        let none = || Err(Failure::new(FailureKind::Internal, "the question got no answer"));
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(none)).collect())
    }

    /// The members of a dimension in the current edition, most frequent first.
    pub async fn members(&self, principal: &Principal, dimension: &str) -> Result<Vec<String>, Failure> {
        let edition = self.current().await?;
        let sight = edition.sight_of(&edition, principal);
        let session = edition.session_of(sight.as_ref());
        let key = (edition.number, sight, dimension.to_owned());
        if let Some(known) = self.members.get(&key).await {
            return Ok(known.as_ref().clone());
        }
        let members =
            query::members(&session, &edition.catalogue, dimension).await.map_err(|error| refused(&error))?;
        self.members.insert(key, Arc::new(members.clone())).await;
        Ok(members)
    }

    /// The questions that are not remembered, by the edition that answers them.
    async fn editions_of(
        &self,
        queries: &[MetricQuery],
        missing: &[usize],
        current: Arc<OpenEdition>,
    ) -> Result<Vec<(Arc<OpenEdition>, Vec<usize>)>, Failure> {
        let mut groups: Vec<(Arc<OpenEdition>, Vec<usize>)> = Vec::new();
        for index in missing {
            let edition = match queries[*index].edition {
                None => current.clone(),
                number => self.asked(number).await?,
            };
            match groups.iter_mut().find(|(known, _)| known.number == edition.number) {
                Some((_, indexes)) => indexes.push(*index),
                None => groups.push((edition, vec![*index])),
            }
        }
        Ok(groups)
    }
}

/// The question without the edition, which is in the other half of the key.
fn key(query: &MetricQuery) -> String {
    let mut query = query.clone();
    query.edition = None;
    serde_json::to_string(&query).unwrap_or_default()
}

/// The company's own days off, when its packs make the table `marts.dim_days_off` with a date column `day`.
///
/// # Errors
/// When there is such a table without such a column.
pub async fn company_days_off(session: &Session) -> Result<Vec<NaiveDate>, LakeError> {
    let table = TableName::new("marts", "dim_days_off");
    if !session.relations().contains_key(&table) {
        return Ok(Vec::new());
    }
    let sql =
        format!("select distinct cast(day as date) as day from {} where day is not null", table.quoted());
    let mut days = Vec::new();
    for batch in session.query(&sql).await? {
        if let Some(column) = batch.column(0).as_primitive_opt::<Date32Type>() {
            days.extend(column.values().iter().filter_map(|day| Date32Type::to_naive_date_opt(*day)));
        }
    }
    Ok(days)
}

/// Business days of Brazil, for as long as anyone will compare.
fn calendar() -> Calendar {
    Calendar::brazil(1990..=2100, true)
}

/// The metrics of a bundle as `query` reads them.
pub fn metrics_files(bundle: &Bundle) -> Vec<MetricsFile> {
    bundle
        .metrics
        .iter()
        .map(|file| MetricsFile {
            pack: file.pack.clone(),
            path: format!("{}/{}", file.pack, file.path),
            text: file.text.clone(),
        })
        .collect()
}

/// What the person who asked may read of an error; the rest is for the log.
fn refused(error: &AskError) -> Failure {
    if error.is_bad_request() {
        Failure::new(FailureKind::BadRequest, error.to_string())
    } else {
        tracing::error!(error = %anyhow::Error::msg(chain(error)), "a question could not be answered");
        Failure::new(FailureKind::Internal, error.to_string())
    }
}

/// A failure of ours: logged whole, told in general.
pub fn internal(error: &(dyn std::error::Error + 'static)) -> Failure {
    tracing::error!(error = %chain(error), "an answer failed");
    Failure::new(FailureKind::Internal, "the server could not read its data; see its log")
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
