//! Reads one entity piece by piece: what has changed, then once a day what may have changed without a trace.
//!
//! Does not decide what to ask (`progress`) nor how (`queries`). Invariant: lines are handed over before the records that they belong to,
//! and the mark comes with the records, so that a mark never promises lines that are not there.

mod gathered;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::NaiveDate;
use futures::StreamExt;
use sha2::{Digest, Sha256};

use self::gathered::Gathered;
use super::Reader;
use super::answers::{self, Page};
use super::catalogue::{Entity, Flag, Whole, short};
use super::fields;
use super::progress::{PROGRESS, Progress, Seen, Sweep, days_back};
use super::queries::{self, Key, Question};
use crate::errors::ConnectError;
use crate::http::{Answer, Ask, HttpError};
use crate::json::JsonRow;
use crate::source::{Mark, Piece, Pieces};

/// Rows asked for by their keys in one question: more would make an address too long.
const KEYS_AT_ONCE: usize = 40;

/// One reading of one entity.
pub(super) struct Crawl {
    reader: Arc<Reader>,
    entity: Arc<Entity>,
    progress: Progress,
    /// As the last piece told it.
    marked: Progress,
    /// Nothing has been landed yet: the tables are made even if there is nothing to put in.
    first: bool,
    today: NaiveDate,
    stage: Stage,
    /// Everything is read, and takes the place of everything.
    whole: bool,
    /// The fields to ask for.
    select: Vec<String>,
    content: Sha256,
    gathered: Gathered,
    /// Flagged rows as this reading has met them already: the look at flagged rows need not bring them twice.
    met: HashMap<Key, [u8; 32]>,
    ready: VecDeque<Result<Piece, ConnectError>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Window,
    Sweep,
    Over,
}

/// Why a row is being read.
#[derive(Debug, Clone, Copy)]
enum Reason {
    /// Its day or its number says that it may have changed.
    Day,
    /// It has the flag.
    Flag(Flag),
    /// It had the flag.
    Loss,
}

impl Crawl {
    pub(super) fn new(reader: Arc<Reader>, entity: Arc<Entity>, progress: Progress, first: bool) -> Crawl {
        let today = today();
        let whole = match entity.follow.whole {
            Whole::First => false,
            Whole::Daily => first || progress.swept != Some(today),
            Whole::Always => true,
        };
        Crawl {
            gathered: Gathered::new(entity.clone()),
            select: entity.select(),
            met: HashMap::new(),
            marked: progress.clone(),
            stage: Stage::Window,
            content: Sha256::new(),
            ready: VecDeque::new(),
            reader,
            entity,
            progress,
            first,
            today,
            whole,
        }
    }

    pub(super) fn pieces(self) -> Pieces {
        futures::stream::unfold(self, |mut crawl| async move {
            let next = crawl.next().await;
            next.map(|piece| (piece, crawl))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<Piece, ConnectError>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(piece);
            }
            let stepped = match self.stage {
                Stage::Over => return None,
                Stage::Window => self.window().await,
                Stage::Sweep => self.sweep().await,
            };
            let outcome = match stepped {
                Ok(()) => self.hand_over(),
                Err(error) => self.give_up(error),
            };
            if let Err(error) = outcome {
                self.stage = Stage::Over;
                self.ready.push_back(Err(error));
            }
        }
    }

    /// What has been read before an error stands, unless it is only part of what has to be whole.
    fn give_up(&mut self, error: ConnectError) -> Result<(), ConnectError> {
        self.stage = Stage::Over;
        let cut = if self.gathered.rows() > 0 && !self.whole { self.cut() } else { Ok(()) };
        self.ready.push_back(Err(error));
        cut
    }

    /// A page of the window.
    async fn window(&mut self) -> Result<(), ConnectError> {
        let follow = self.entity.follow;
        let back = days_back(&follow, self.reader.asking.reread_days);
        let fresh = self.whole && self.gathered.rows() == 0;
        let window = self.progress.window(self.today, back, fresh);
        let after = window.after.clone();
        let filter = window.filter(&follow, self.entity.key, self.reader.asking.first_day);
        let question = self.question(filter).after(after.as_ref());
        let (ask, answer) = self.answer(question).await?;
        let page = self.page(&ask, &answer)?;
        let last = self.take(&ask, &page, Reason::Day)?.pop();
        if self.is_last(&page) {
            self.end_window(&ask)?;
        } else if last.is_some() && last == after {
            return Err(self.unexpected(&ask, "the page after a row holds the same row again"));
        } else if let Some(window) = &mut self.progress.window {
            window.after = last;
        }
        Ok(())
    }

    fn end_window(&mut self, ask: &Ask) -> Result<(), ConnectError> {
        let follow = self.entity.follow;
        let was_filled = !self.first && self.marked.has_rows();
        if self.whole && follow.whole == Whole::Daily && self.gathered.rows() == 0 && was_filled {
            return Err(self.unexpected(ask, "it has no rows any more, although it had some"));
        }
        self.progress.end_window(follow.numbered);
        if self.whole {
            self.progress.swept = Some(self.today).filter(|_| follow.whole == Whole::Daily);
        }
        if follow.whole == Whole::Always {
            let content = short(&std::mem::take(&mut self.content).finalize());
            if !self.first && self.progress.content.as_ref() == Some(&content) {
                self.gathered = Gathered::new(self.entity.clone());
            }
            self.progress.content = Some(content);
        }
        let due = follow.flag.is_some() && self.progress.swept != Some(self.today);
        self.stage = if due { Stage::Sweep } else { Stage::Over };
        // A record that comes again must not come in the same piece: the lines of both would stay.
        if due && self.gathered.rows() > 0 { self.cut() } else { Ok(()) }
    }

    /// A page of the rows with the flag, and those of its range that had it.
    async fn sweep(&mut self) -> Result<(), ConnectError> {
        let Some(flag) = self.entity.follow.flag else {
            self.stage = Stage::Over;
            return Ok(());
        };
        let day = self.today;
        let after = self.progress.sweep.get_or_insert(Sweep { day, after: None }).after.clone();
        let filter = format!("{} eq '{}'", flag.field, flag.word);
        let mut question = self.question(Some(filter)).after(after.as_ref());
        let settled = self.reader.asking.first_day.filter(|_| !flag.changing).zip(self.entity.follow.dated);
        question.filters.extend(settled.map(|(day, field)| format!("{field} ge '{day}'")));
        let (ask, answer) = self.answer(question).await?;
        let page = self.page(&ask, &answer)?;
        let keys = self.take(&ask, &page, Reason::Flag(flag))?;
        let (is_last, last) = (self.is_last(&page), keys.last().cloned());
        let met: HashSet<Key> = keys.into_iter().collect();
        let mut lost = self.progress.flagged_between(after.as_ref(), last.as_ref().filter(|_| !is_last));
        lost.retain(|key| !met.contains(&Key::Number(*key)));
        self.look_at(&lost).await?;
        if is_last {
            self.progress.swept = self.progress.sweep.take().map(|sweep| sweep.day);
            self.stage = Stage::Over;
        } else if last == after {
            return Err(self.unexpected(&ask, "the page after a row holds the same row again"));
        } else if let Some(sweep) = &mut self.progress.sweep {
            sweep.after = last;
        }
        Ok(())
    }

    /// Reads rows by their keys. Those that are not there are forgotten; what was landed of them stays.
    async fn look_at(&mut self, keys: &[i64]) -> Result<(), ConnectError> {
        for some in keys.chunks(KEYS_AT_ONCE.min(self.reader.asking.page_rows)) {
            let question = self.question(None).of(some);
            let (ask, answer) = self.answer(question).await?;
            let page = self.page(&ask, &answer)?;
            let found = self.take(&ask, &page, Reason::Loss)?;
            for key in some.iter().map(|key| Key::Number(*key)).filter(|key| !found.contains(key)) {
                self.progress.flag(&key, false);
            }
        }
        Ok(())
    }

    fn question(&self, filter: Option<String>) -> Question<'static> {
        Question {
            entity: self.entity.path,
            key: self.entity.key,
            select: self.select.clone(),
            filters: filter.into_iter().collect(),
            rows: self.reader.asking.page_rows,
        }
    }

    /// The answer to a question; fields that this version of the service does not have are left out, and stay empty.
    async fn answer(&mut self, mut question: Question<'static>) -> Result<(Ask, Answer), ConnectError> {
        loop {
            let ask = question.ask();
            let error = match queries::answer(&self.reader, &ask).await {
                Ok(answer) => return Ok((ask, answer)),
                Err(error) => error,
            };
            let absent = answers::absent_field(&error, &question.select);
            let Some(absent) = absent.filter(|field| self.entity.can_do_without(field)) else {
                return Err(self.failed(error));
            };
            tracing::warn!(source = %self.reader.source, entity = self.entity.path, absent, "the service has no such field");
            self.select.retain(|field| field != absent);
            question.select.clone_from(&self.select);
        }
    }

    fn page<'a>(&self, ask: &Ask, answer: &'a Answer) -> Result<Page<'a>, ConnectError> {
        answers::page(self.reader.session.host(), ask, answer).map_err(|error| self.failed(error))
    }

    /// Whether nothing comes after a page: servers that give no link have filled it when there may be more.
    fn is_last(&self, page: &Page<'_>) -> bool {
        page.value.is_empty() || (page.next.is_none() && page.value.len() < self.reader.asking.page_rows)
    }

    fn failed(&self, error: HttpError) -> ConnectError {
        self.reader.failed(self.entity.stream(), error)
    }

    fn unexpected(&self, ask: &Ask, detail: &str) -> ConnectError {
        self.failed(answers::unexpected(self.reader.session.host(), ask, detail))
    }

    /// Takes the rows of a page; gives their keys.
    fn take(&mut self, ask: &Ask, page: &Page<'_>, reason: Reason) -> Result<Vec<Key>, ConnectError> {
        let mut keys = Vec::with_capacity(page.value.len());
        for raw in &page.value {
            let row: Option<JsonRow<'_>> = serde_json::from_str(raw.get()).ok();
            let keyed = row.and_then(|row| row.get(self.entity.key).and_then(Key::of).map(|key| (row, key)));
            let Some((row, key)) = keyed else {
                return Err(self.unexpected(ask, &format!("a row has no `{}`", self.entity.key)));
            };
            if self.is_wanted(&row, &key, reason) {
                self.gathered.push(&row)?;
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// Notes what a row tells, and says whether it is to be landed.
    fn is_wanted(&mut self, row: &JsonRow<'_>, key: &Key, reason: Reason) -> bool {
        let follow = self.entity.follow;
        let digest = fields::digest(row);
        if follow.whole == Whole::Always {
            self.content.update(digest);
        }
        let had_it = self.progress.is_flagged(key);
        if let Some(flag) = follow.flag {
            let has_it = fields::is(row, flag.field, flag.word);
            self.progress.flag(key, has_it);
            if has_it && matches!(reason, Reason::Day) {
                self.met.insert(key.clone(), digest);
            }
        }
        match reason {
            Reason::Day => {
                let day = follow.days.iter().filter_map(|field| fields::day(row, field)).max();
                let seen = Seen { key, day, digest: short(&digest) };
                let back = days_back(&follow, self.reader.asking.reread_days);
                self.progress.note(seen, back) || self.whole
            }
            Reason::Flag(flag) => (flag.changing || !had_it) && self.met.get(key) != Some(&digest),
            Reason::Loss => true,
        }
    }

    /// Hands over what has been gathered, when it is enough or all.
    fn hand_over(&mut self) -> Result<(), ConnectError> {
        let over = self.stage == Stage::Over;
        let news = self.first || self.gathered.rows() > 0 || self.progress != self.marked;
        let enough = self.gathered.is_full() && !self.whole;
        if (over && news) || (!over && enough) { self.cut() } else { Ok(()) }
    }

    fn cut(&mut self) -> Result<(), ConnectError> {
        let mark = self.progress.mark().map_err(|error| ConnectError::Build {
            stream: self.entity.stream().to_owned(),
            column: "*".to_owned(),
            detail: error.to_string(),
        })?;
        let fresh = Gathered::new(self.entity.clone());
        let gathered = std::mem::replace(&mut self.gathered, fresh);
        let pieces =
            gathered.pieces(self.whole, self.first, Mark { key: PROGRESS.to_owned(), value: mark })?;
        self.ready.extend(pieces.into_iter().map(Ok));
        self.marked = self.progress.clone();
        self.first = false;
        Ok(())
    }
}

/// Our own day, in UTC.
fn today() -> NaiveDate {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    NaiveDate::from_epoch_days((now.as_secs() / 86_400) as i32).unwrap_or_default()
}
