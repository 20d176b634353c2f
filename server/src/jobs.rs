//! Jobs: what works while the server serves: syncs by schedule or on request, and the builds that follow them.
//!
//! Does not decide who may ask (`answers`) nor how a source is read (`pipeline`). Invariant: a source is read by one sync at a time, a
//! few sources at once, and one build follows however many syncs have brought rows.

use crate::examine::Examiner;
use crate::house::{builtin_pack, today, zone};
use anyhow::Result;
use chrono::{DateTime, Utc};
use connect::Surroundings;
use contract::sources::{BuildProgress, SyncProgress, Trigger};
use lake::Lake;
use metastore::Metastore;
use metastore::now_ms;
use metastore::runs::rfc3339;
use metastore::sources::SourceRow;
use pipeline::{Event, LandReport, Pipeline, PipelineError, Progress, RunOutcome, SOURCES_AT_ONCE, Schedule};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// How long the schedule sleeps at most: sources may be added or told anew by another process.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);
/// Syncs that end one shortly after the other share a build.
const BUILD_AFTER: Duration = Duration::from_secs(2);

pub struct Jobs {
    pub lake: Lake,
    pub metastore: Metastore,
    /// Whom sources may call, and how fast.
    pub surroundings: Surroundings,
    pub locks: PathBuf,
    pub keep_editions: u32,
    running: Mutex<BTreeMap<String, Arc<UnderWay>>>,
    places: Semaphore,
    build_wanted: Notify,
    building: Mutex<Option<BuildProgress>>,
    scheduling: AtomicBool,
    wake: Notify,
    /// Counts what has happened; who shows it waits for the next number.
    news: watch::Sender<u64>,
    /// The process is about to end.
    pub stopping: CancellationToken,
}

/// A sync that has not ended.
struct UnderWay {
    started_at: i64,
    rows: AtomicU64,
    stream: Mutex<Option<String>>,
    stop: CancellationToken,
}

impl Jobs {
    pub fn new(
        (lake, metastore): (Lake, Metastore),
        surroundings: Surroundings,
        locks: PathBuf,
        keep_editions: u32,
    ) -> Jobs {
        Jobs {
            lake,
            metastore,
            surroundings,
            locks,
            keep_editions,
            running: Mutex::default(),
            places: Semaphore::new(SOURCES_AT_ONCE),
            build_wanted: Notify::new(),
            building: Mutex::default(),
            scheduling: AtomicBool::new(false),
            wake: Notify::new(),
            news: watch::Sender::new(0),
            stopping: CancellationToken::new(),
        }
    }

    /// The pipeline as the workspace stands now.
    pub async fn pipeline(&self) -> Result<Pipeline> {
        let workspace = self.metastore.workspace().await?;
        let yesterday = kpi::period::day_before(today(&workspace)?);
        let mut vars = serde_json::Map::new();
        vars.insert("as_of".to_owned(), yesterday.to_string().into());
        // The exports of a system have other tables than the system itself, and packs may know both.
        let kinds =
            self.metastore.sources().await?.into_iter().map(|source| (source.name, source.kind.into()));
        vars.insert("source_kinds".to_owned(), serde_json::Value::Object(kinds.collect()));
        Ok(Pipeline {
            lake: self.lake.clone(),
            metastore: self.metastore.clone(),
            locks: self.locks.clone(),
            surroundings: self.surroundings.clone().in_zone(zone(&workspace)?),
            builtin: Arc::new(builtin_pack),
            examine: Arc::new(Examiner { yesterday }),
            vars,
            keep_editions: self.keep_editions,
        })
    }

    /// The streams that a source has: as its last sync found them, or else as it tells now.
    ///
    /// # Errors
    /// When it was never read, and cannot be asked.
    pub async fn streams_of(&self, row: &SourceRow) -> Result<Vec<String>> {
        let offered = self.metastore.standing(&row.name).await?.offered;
        if !offered.is_empty() {
            return Ok(offered);
        }
        let settings = self.metastore.settings_of(row)?;
        let source = connect::open(&row.kind, &row.name, &settings, &self.surroundings)?;
        let streams = source.streams().await;
        source.close().await;
        Ok(streams?)
    }

    /// Starts a sync; false when one of this source is under way.
    pub fn sync(self: &Arc<Self>, source: &str, trigger: Trigger) -> bool {
        let under_way = Arc::new(UnderWay {
            started_at: now_ms(),
            rows: AtomicU64::new(0),
            stream: Mutex::default(),
            stop: self.stopping.child_token(),
        });
        {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if running.contains_key(source) {
                return false;
            }
            running.insert(source.to_owned(), under_way.clone());
        }
        self.tell();
        let (jobs, source) = (self.clone(), source.to_owned());
        tokio::spawn(async move {
            jobs.clone().sync_to_its_end(&source, trigger, &under_way).await;
            jobs.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
            jobs.tell();
        });
        true
    }

    async fn sync_to_its_end(self: Arc<Self>, source: &str, trigger: Trigger, under_way: &Arc<UnderWay>) {
        let place = under_way.stop.run_until_cancelled(self.places.acquire()).await;
        let Some(Ok(_place)) = place else { return };
        let (jobs, name, watched) = (self.clone(), source.to_owned(), under_way.clone());
        // A thread of its own, so that no page waits behind a long batch.
        let done = tokio::task::spawn_blocking(move || {
            tokio::runtime::Handle::current().block_on(async move {
                let pipeline = jobs.pipeline().await?;
                let progress = jobs.clone().progress(watched.clone(), &name);
                anyhow::Ok(pipeline.sync(&name, trigger, &progress, &watched.stop).await?)
            })
        });
        match done.await {
            Ok(Ok(LandReport { rows, problems, .. })) => {
                for problem in &problems {
                    tracing::warn!(source, "{problem}");
                }
                tracing::info!(source, rows, "sync ended");
                if rows > 0 {
                    self.build_wanted.notify_one();
                }
            }
            Ok(Err(error)) => {
                tracing::error!(source, error = %crate::terminal::one_line(&error), "sync failed")
            }
            Err(error) => tracing::error!(source, %error, "sync broke off"),
        }
    }

    fn progress(self: Arc<Self>, under_way: Arc<UnderWay>, source: &str) -> Progress {
        let prefix = format!("{}.{}", pipeline::RAW, connect::stream_table(source, ""));
        Arc::new(move |event| {
            if let Event::Landed { table, rows } = event {
                under_way.rows.fetch_add(rows, Ordering::Relaxed);
                let stream = table.strip_prefix(&prefix).unwrap_or(&table).to_owned();
                *under_way.stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
                self.tell();
            }
        })
    }

    /// Ends the sync of a source that is under way; false when there is none.
    pub fn cancel(&self, source: &str) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let found = running.get(source);
        if let Some(under_way) = found {
            under_way.stop.cancel();
        }
        let found = found.is_some();
        drop(running);
        self.tell();
        found
    }

    /// The syncs that are under way, by source.
    pub fn running(&self) -> BTreeMap<String, SyncProgress> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = |(source, under_way): (&String, &Arc<UnderWay>)| {
            let seconds = (now_ms() - under_way.started_at).max(0) / 1000;
            let progress = SyncProgress {
                source: source.clone(),
                started_at: rfc3339(under_way.started_at),
                seconds: seconds.cast_unsigned(),
                rows: under_way.rows.load(Ordering::Relaxed),
                stream: under_way.stream.lock().unwrap_or_else(PoisonError::into_inner).clone(),
                cancelling: under_way.stop.is_cancelled(),
            };
            (source.clone(), progress)
        };
        running.iter().map(progress).collect()
    }

    /// Whether sources are read by themselves.
    pub fn keeps_schedule(&self) -> bool {
        self.scheduling.load(Ordering::Relaxed)
    }

    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Open pages look again, and those whose session is over end.
    pub fn tell(&self) {
        self.news.send_modify(|number| *number += 1);
    }

    /// Builds soon, although no rows have come: packs have changed.
    pub fn build(&self) {
        self.build_wanted.notify_one();
    }

    /// Looks at the schedule at once: a source was added or told anew.
    pub fn reschedule(&self) {
        self.wake.notify_one();
        self.tell();
    }

    /// Starts what is due, again and again, until the process ends.
    pub async fn keep_schedule(self: Arc<Self>) {
        if let Err(error) = self.metastore.interrupt(None).await {
            tracing::warn!(%error, "interrupted syncs were not closed");
        }
        self.scheduling.store(true, Ordering::Relaxed);
        while !self.stopping.is_cancelled() {
            let sleep = match self.start_due().await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(error = %crate::terminal::one_line(&error), "the schedule could not be read");
                    LONGEST_SLEEP
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep.min(LONGEST_SLEEP)) => {}
                () = self.wake.notified() => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    /// Starts what is due and tells how long nothing else will be.
    async fn start_due(self: &Arc<Self>) -> Result<Duration> {
        let (now, mut sleep) = (Utc::now(), LONGEST_SLEEP);
        for source in self.metastore.sources().await? {
            let (_, began) = self.metastore.last_syncs(&source.name).await?;
            let Some(due) = self
                .due(&source.name, source.schedule.as_deref(), source.promised_minutes, began, now)
                .await?
            else {
                continue;
            };
            if due <= now {
                self.sync(&source.name, Trigger::Schedule);
            } else {
                sleep = sleep.min((due - now).to_std().unwrap_or(LONGEST_SLEEP));
            }
        }
        Ok(sleep)
    }

    /// When a source is due, given when its last sync began (milliseconds since 1970); `now` for one that was never read, and never for one
    /// whose system let nobody in.
    pub async fn due(
        &self,
        source: &str,
        schedule: Option<&str>,
        promised_minutes: Option<u64>,
        began: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        if self.metastore.standing(source).await?.refused.is_some() {
            return Ok(None);
        }
        let schedule = match Schedule::of(schedule, promised_minutes) {
            Ok(schedule) => schedule,
            Err(why) => {
                tracing::error!(source, "{why}");
                return Ok(None);
            }
        };
        let zone = zone(&self.metastore.workspace().await?)?;
        Ok(schedule.next(began.and_then(DateTime::from_timestamp_millis), now, zone))
    }

    /// Builds whenever syncs have brought rows, until the process ends; the first time even without, when nothing is published.
    pub async fn keep_building(self: Arc<Self>) {
        while !self.stopping.is_cancelled() {
            tokio::select! {
                () = self.build_wanted.notified() => {}
                () = self.stopping.cancelled() => return,
            }
            tokio::time::sleep(BUILD_AFTER).await;
            let jobs = self.clone();
            let built = tokio::task::spawn_blocking(move || {
                tokio::runtime::Handle::current().block_on(async move {
                    let pipeline = jobs.pipeline().await?;
                    anyhow::Ok(pipeline.build(false, &jobs.clone().build_progress()).await)
                })
            });
            let built = built.await.map_err(anyhow::Error::from).and_then(|built| built);
            *self.building.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.note_build(built);
            self.tell();
        }
    }

    fn build_progress(self: Arc<Self>) -> Progress {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Arc::new(move |event| {
            let mut building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
            let (done, total) = match event {
                Event::Ended => {
                    *building = None;
                    drop(building);
                    return self.tell();
                }
                Event::Step(step) => {
                    *building = Some(BuildProgress { step: step.to_owned(), ..BuildProgress::default() });
                    drop(building);
                    return self.tell();
                }
                Event::Built { done, total, .. } | Event::Checked { done, total } => {
                    (count(done), count(total))
                }
                Event::Landed { .. } => return,
            };
            if let Some(building) = building.as_mut() {
                (building.done, building.total) = (done, total);
            }
            drop(building);
            self.tell();
        })
    }

    /// The build that is under way.
    pub fn building(&self) -> Option<BuildProgress> {
        self.building.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_build(&self, built: Result<Result<RunOutcome, PipelineError>>) {
        match built {
            Ok(Ok(outcome)) => {
                tracing::info!(state = ?outcome.state, edition = outcome.edition, "run ended");
            }
            // Rows may arrive before the first pack does.
            Ok(Err(PipelineError::NoPack)) => {}
            Ok(Err(PipelineError::Busy { .. })) => self.build_wanted.notify_one(),
            Ok(Err(error)) => {
                tracing::error!(error = %crate::terminal::one_line(&error.into()), "run failed");
            }
            Err(error) => tracing::error!(error = %crate::terminal::one_line(&error), "run broke off"),
        }
    }
}
