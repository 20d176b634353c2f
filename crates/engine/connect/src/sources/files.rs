//! A folder of files as a source: CSV, TSV, XLSX, Parquet and JSON lines, plain or compressed.
//!
//! Does not write to the folder. Invariant: a file is landed again only when its content, or what the options say about it, has changed.

pub mod options;

mod assemble;
mod csv;
mod detect;
mod discover;
mod header;
mod json_lines;
pub mod look;
mod marks;
mod parallel;
mod parquet;
mod pattern;
mod plan;
mod profile;
mod rows;
mod text;
mod unpack;
mod uploaded;
mod workbook_parts;
mod xlsx;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::Schema;
use serde::{Deserialize, Serialize};

use self::assemble::Assembly;
use self::discover::Place;
use self::marks::{FileMark, batch_id, digest_of, forgotten, mark_of};
use self::options::{FilesOptions, StreamOptions};
use self::parallel::in_parallel;
use self::plan::{Learned, Plan, plan, usual_reading};
use self::profile::{Profile, Stamp};
use self::rows::Unit;
use crate::again::{Again, Rewound};
use crate::batches::Batches;
use crate::column_name::sql_name;
use crate::errors::ConnectError;
use crate::rejects::Rejects;
use crate::source::{
    ColumnFound, Discovery, FILE_COLUMN, FileFound, LandHint, Piece, ReadRequest, Reading, SAME_CONTENT,
    Skipped, Source, StreamFound, StreamState, StreamTested, Tested, stream_table,
};
use crate::tally::Evidence;

/// A folder of files. Cheap to clone; clones share what was found out about the files.
#[derive(Debug, Clone)]
pub struct FilesSource {
    name: String,
    kind: &'static str,
    place: Place,
    options: FilesOptions,
    profiles: Arc<Mutex<Profiles>>,
}

/// Profiles by table and what the options said, with the stamp of the file that they are of.
type Profiles = HashMap<(PathBuf, Option<String>, String), (Stamp, Option<Arc<Profile>>)>;

/// The settings of a source of kind `files`, as they are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    dir: PathBuf,
    #[serde(default)]
    options: serde_json::Value,
}

impl FilesSource {
    /// A source named `name` over the folder `dir`. The name becomes part of table names, and has to be SQL-safe.
    pub fn new(
        name: &str,
        dir: impl AsRef<Path>,
        options: FilesOptions,
    ) -> Result<FilesSource, ConnectError> {
        if name.is_empty() || sql_name(name) != name {
            let better = sql_name(name);
            let detail = format!("the name is not SQL-safe; use `{better}`");
            return Err(ConnectError::Options { source_name: name.to_owned(), detail });
        }
        let place = Place::Folder(dir.as_ref().to_owned());
        Ok(FilesSource { name: name.to_owned(), kind: "files", place, options, profiles: Arc::default() })
    }

    /// From the settings as they are kept: `{"dir": "…", "options": {…}}`.
    pub fn from_settings(name: &str, settings: &serde_json::Value) -> Result<FilesSource, ConnectError> {
        let wrong = |detail: String| ConnectError::Options { source_name: name.to_owned(), detail };
        let settings: Settings =
            serde_json::from_value(settings.clone()).map_err(|error| wrong(error.to_string()))?;
        let options = match settings.options {
            serde_json::Value::Null => FilesOptions::default(),
            json => FilesOptions::from_json(name, &json)?,
        };
        FilesSource::new(name, settings.dir, options)
    }

    /// The settings as they are kept.
    pub fn settings(&self) -> serde_json::Value {
        serde_json::json!({ "dir": self.place.dir(), "options": self.options })
    }

    /// Names of the streams.
    pub fn streams_now(&self) -> Result<Vec<String>, ConnectError> {
        Ok(self.walk()?.streams.into_keys().collect())
    }

    /// Formats, columns and types of everything in the folder. Blocks while it reads every file once.
    pub fn discover_now(&self) -> Result<Discovery, ConnectError> {
        let walked = self.walk()?;
        let mut discovery = Discovery { ignored: walked.ignored, ..Discovery::default() };
        discovery.problems.extend(walked.problems.iter().map(ToString::to_string));
        for (name, units) in walked.streams {
            let options = self.options.of_stream(&name);
            let mut profiles = Vec::new();
            for profiled in in_parallel(&units, |unit| self.profile(unit, &options)) {
                match profiled {
                    Ok(Some(profile)) => profiles.push(profile),
                    Ok(None) => {}
                    Err(error) => discovery.problems.push(error.to_string()),
                }
            }
            let plan = plan(&name, &options, None, &Learned::default(), &profiles);
            discovery.streams.push(stream_found(&self.name, &name, &options, &profiles, plan));
        }
        discovery.problems.sort();
        discovery.problems.dedup();
        Ok(discovery)
    }

    /// What is new in a stream. Blocks while it reads every new file once; its pieces read them a second time.
    pub fn read_now(&self, request: &ReadRequest) -> Result<Reading<Vec<Piece>>, ConnectError> {
        let mut walked = self.walk()?;
        let Some(units) = walked.streams.remove(&request.stream) else {
            return Err(ConnectError::unknown_stream(&self.name, &request.stream, walked.streams.keys()));
        };
        let options = self.options.of_stream(&request.stream);
        let mut news = News::new(&request.since, &units);
        let digest = digest_of(&options);
        let looks = in_parallel(&units, |unit| self.look_at(unit, &options, &digest, &request.since));
        for (unit, look) in units.iter().zip(looks) {
            match look {
                Ok(Look::Unchanged) => news.reading.unchanged += 1,
                Ok(Look::Skip { reason, mark }) => news.skip(unit, reason, &mark),
                Ok(Look::New(profile, mark)) => news.files.push((profile, mark)),
                Err(error) => news.reading.failures.push(error),
            }
        }
        let mut reading = self.pieces(request, &options, news);
        self.forget_gone(request, &mut reading);
        Ok(reading)
    }

    fn walk(&self) -> Result<discover::Found, ConnectError> {
        discover::walk(&self.place, &self.name, &self.options)
    }

    /// Tells whether a file is unchanged, to be skipped, or new.
    fn look_at(
        &self,
        unit: &Unit,
        options: &StreamOptions,
        digest: &str,
        since: &StreamState,
    ) -> Result<Look, ConnectError> {
        let former: Option<FileMark> =
            since.get(&unit.file).and_then(|mark| serde_json::from_value(mark.clone()).ok());
        let stamp = profile::stamp_of(unit)?;
        let comparable = former.as_ref().filter(|mark| mark.options == digest);
        if comparable.is_some_and(|mark| (mark.bytes, mark.modified_ns) == (stamp.bytes, stamp.modified_ns)) {
            return Ok(Look::Unchanged);
        }
        let mut mark = FileMark {
            bytes: stamp.bytes,
            modified_ns: stamp.modified_ns,
            content: unpack::content_hash(&unit.path, &unit.file)?,
            options: digest.to_owned(),
            generation: former.as_ref().map_or(0, |mark| mark.generation + 1),
            rows: 0,
            evidence: Evidence::default(),
            empty: Vec::new(),
        };
        if let Some(same) = comparable.filter(|former| former.content == mark.content) {
            let mark = FileMark { bytes: mark.bytes, modified_ns: mark.modified_ns, ..same.clone() };
            return Ok(Look::Skip { reason: SAME_CONTENT, mark });
        }
        let Some(profile) = self.profile(unit, options)? else {
            if former.is_some_and(|mark| mark.rows > 0) {
                return Err(ConnectError::BecameEmpty { file: unit.file.clone() });
            }
            mark.generation = 0;
            return Ok(Look::Skip { reason: "it is empty", mark });
        };
        if profile.stamp != stamp {
            return Err(ConnectError::ChangedMeanwhile { file: unit.file.clone() });
        }
        (mark.rows, mark.evidence, mark.empty) = (profile.rows, profile.evidence, profile.empty_columns());
        Ok(Look::New(profile, mark))
    }

    /// The profile of a table, read only if the file has changed since it was last read.
    fn profile(&self, unit: &Unit, options: &StreamOptions) -> Result<Option<Arc<Profile>>, ConnectError> {
        let key = (unit.path.clone(), unit.sheet.clone(), digest_of(options));
        let stamp = profile::stamp_of(unit)?;
        let remembered = self.profiles.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((of, profile)) = remembered
            && of == stamp
        {
            return Ok(profile);
        }
        let profile = profile::profile(unit, options, &self.options.limits)?.map(Arc::new);
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (stamp, profile.clone()));
        Ok(profile)
    }

    fn pieces(&self, request: &ReadRequest, options: &StreamOptions, news: News) -> Reading<Vec<Piece>> {
        let News { mut reading, files, learned, .. } = news;
        let profiles: Vec<Arc<Profile>> = files.iter().map(|(profile, _)| profile.clone()).collect();
        // Without any row, all types would be guesses that later files are held to.
        if request.known.is_none() && profiles.iter().all(|profile| profile.rows == 0) {
            for (profile, mark) in files {
                let mark = mark_of(&profile.unit.file, &FileMark { generation: 0, ..mark });
                let reason = "it has column names but no rows yet".to_owned();
                reading.skipped.push(Skipped { file: profile.unit.file.clone(), reason, mark });
            }
            return reading;
        }
        let known: Option<&Schema> = request.known.as_deref();
        let plan = plan(&request.stream, options, known, &learned, &profiles);
        let schema = plan.schema();
        let columns = Arc::new(plan.columns);
        for ((profile, mark), file_plan) in files.into_iter().zip(plan.files) {
            let file_plan = match file_plan {
                Ok(file_plan) => file_plan,
                Err(error) => {
                    reading.failures.push(error);
                    continue;
                }
            };
            let file = profile.unit.file.clone();
            let rejects = Rejects::new(&file);
            let assembly = Assembly {
                stream: request.stream.clone(),
                profile,
                plan: file_plan,
                columns: columns.clone(),
                schema: schema.clone(),
                null_words: options.null_words.clone(),
                limits: self.options.limits,
                rejects: rejects.clone(),
            };
            // A table may hold rows of a landing whose mark was lost in a crash, and the file may have changed since: only where there is no
            // table yet is it certain that there is nothing to replace.
            let hint = if mark.generation == 0 && known.is_none() {
                LandHint::Append
            } else {
                LandHint::Replace { column: FILE_COLUMN.to_owned(), value: file.clone() }
            };
            reading.pieces.push(Piece {
                stream: request.stream.clone(),
                batch_id: batch_id(&self.name, &request.stream, &file, &mark),
                hint,
                schema: schema.clone(),
                batches: Batches::new(&file, move |sender| assemble::assemble(&assembly, sender)),
                rejects,
                mark: Some(mark_of(&file, &mark)),
                file,
            });
        }
        reading
    }
}

/// What a look at one file says.
enum Look {
    Unchanged,
    Skip { reason: &'static str, mark: FileMark },
    New(Arc<Profile>, FileMark),
}

/// What a look at the files of a stream has given so far.
struct News {
    files: Vec<(Arc<Profile>, FileMark)>,
    learned: Learned,
    reading: Reading<Vec<Piece>>,
}

impl News {
    fn new(since: &StreamState, units: &[Unit]) -> News {
        let mut learned = Learned::default();
        let (mut gone, mut first) = (Vec::new(), true);
        for key in since.keys() {
            if !units.iter().any(|unit| unit.file == key) {
                gone.push(key.to_owned());
            }
            let mark = since.get(key).and_then(|mark| serde_json::from_value::<FileMark>(mark.clone()).ok());
            let Some(mark) = mark.filter(|mark| mark.rows > 0) else { continue };
            learned.evidence.add(mark.evidence);
            if first {
                learned.never_filled.extend(mark.empty);
                first = false;
            } else {
                learned.never_filled.retain(|name| mark.empty.contains(name));
            }
        }
        let reading =
            Reading { pieces: Vec::new(), failures: Vec::new(), skipped: Vec::new(), gone, unchanged: 0 };
        News { files: Vec::new(), learned, reading }
    }

    fn skip(&mut self, unit: &Unit, reason: &str, mark: &FileMark) {
        let mark = mark_of(&unit.file, mark);
        self.reading.skipped.push(Skipped { file: unit.file.clone(), reason: reason.to_owned(), mark });
    }
}

fn stream_found(
    source: &str,
    name: &str,
    options: &StreamOptions,
    profiles: &[Arc<Profile>],
    plan: Plan,
) -> StreamFound {
    let columns = plan.columns.into_iter().map(|column| ColumnFound {
        name: column.name,
        source_name: column.source_name,
        column_type: column.column_type,
        overridden: column.overridden,
        values: column.values,
    });
    let files = profiles.iter().map(|profile| {
        let mut format = profile.format.to_json(profile.unit.sheet.as_deref());
        let (decimal, date_order) = usual_reading(options, Evidence::default(), profile);
        if let Some(decimal) = decimal {
            format["decimal"] = serde_json::json!(decimal);
        }
        if let Some(date_order) = date_order {
            format["date_order"] = serde_json::json!(date_order);
        }
        let (path, bytes) = (profile.unit.file.clone(), profile.stamp.bytes);
        FileFound { path, bytes, rows: profile.rows, ragged: profile.ragged, format }
    });
    StreamFound {
        name: name.to_owned(),
        table: stream_table(source, name),
        columns: columns.collect(),
        files: files.collect(),
    }
}

/// Runs blocking work beside the async tasks.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConnectError> + Send + 'static,
) -> Result<T, ConnectError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(ConnectError::Stopped))
}

#[async_trait::async_trait]
impl Source for FilesSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        self.kind
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        let source = self.clone();
        aside(move || source.streams_now()).await
    }

    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let source = self.clone();
        aside(move || source.discover_now()).await
    }

    async fn test(&self) -> Result<Tested, ConnectError> {
        let found = self.streams().await?;
        let streams =
            found.into_iter().map(|name| StreamTested { name, is_empty: false, problem: None }).collect();
        let facts = vec![("folder", self.place.dir().display().to_string())];
        Ok(Tested { facts, warnings: Vec::new(), streams })
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        let source = self.clone();
        Ok(aside(move || source.read_now(&request)).await?.in_turn())
    }

    async fn rewound(&self, _: &str, since: &StreamState, _: Again) -> Result<Rewound, ConnectError> {
        Ok(Rewound::Whole(forgotten(since)))
    }
}
