//! How far an entity has been read: what a mark holds, and what is to be asked for next.
//!
//! Asks nothing (`crawl`). Invariant: the day from which the next window starts moves only when the window before it is complete, so that
//! a crawl that is stopped anywhere goes on within its window and loses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::catalogue::Follow;
use super::queries::Key;

/// Key of the mark, the only one of a stream.
pub(super) const PROGRESS: &str = "progress";

/// Days are compared with the clock of a server in another zone, and a change may be under way at midnight.
const MARGIN_DAYS: u64 = 1;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// Names the columns and the first day that were asked for.
    asked: String,
    /// The newest day among the rows, never after the day of asking: one wrong date must not hide all that comes later.
    newest: Option<NaiveDate>,
    /// The greatest key, where new rows are found by it.
    last: Option<Key>,
    /// The window that is being read.
    pub window: Option<Window>,
    /// The look at flagged rows that is under way.
    pub sweep: Option<Sweep>,
    /// When the last look at flagged rows, or the last whole reading, began that came to its end.
    pub swept: Option<NaiveDate>,
    /// Keys of the rows that have the flag, as far as is known.
    flagged: BTreeSet<i64>,
    /// Digests by day and key of rows that the next window will bring again, so that only changes are landed.
    recent: BTreeMap<NaiveDate, BTreeMap<String, String>>,
    /// Digest of everything, where everything is read each time.
    pub content: Option<String>,
}

/// All rows that have changed since a day, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Window {
    /// None reads everything.
    from: Option<NaiveDate>,
    /// Rows with greater keys too, whatever their day.
    beyond: Option<Key>,
    /// When it was begun.
    day: NaiveDate,
    newest: Option<NaiveDate>,
    last: Option<Key>,
    /// Everything up to here has been landed.
    pub after: Option<Key>,
}

/// All rows with the flag, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sweep {
    pub day: NaiveDate,
    pub after: Option<Key>,
}

/// What a row says about itself.
pub(super) struct Seen<'a> {
    pub key: &'a Key,
    pub day: Option<NaiveDate>,
    pub digest: String,
}

impl Progress {
    /// From a mark; from the beginning when something else was asked for then, or the mark cannot be read.
    pub(super) fn resumed(kept: Option<&serde_json::Value>, asked: String) -> Progress {
        let kept = kept.and_then(|kept| serde_json::from_value::<Progress>(kept.clone()).ok());
        match kept.filter(|kept| kept.asked == asked) {
            Some(kept) => kept,
            None => Progress { asked, ..Progress::default() },
        }
    }

    pub(super) fn mark(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    /// Goes back to a day at least, or to the very beginning; a first reading that is under way goes on, since it brings everything.
    pub(super) fn back_to(self, day: Option<NaiveDate>, back: u64) -> Progress {
        match (day, self.newest) {
            (None, _) => Progress { asked: self.asked, ..Progress::default() },
            (Some(_), None) => self,
            (Some(day), Some(newest)) => Progress {
                newest: Some(newest.min(day + Days::new(back))),
                window: None,
                recent: BTreeMap::new(),
                content: None,
                ..self
            },
        }
    }

    /// Whether rows have been landed before.
    pub(super) fn has_rows(&self) -> bool {
        self.newest.is_some()
    }

    /// The window under way, or a new one over what has changed since the last; `whole` starts one over everything.
    pub(super) fn window(&mut self, today: NaiveDate, back: u64, whole: bool) -> &mut Window {
        if whole {
            self.window = None;
            (self.newest, self.last) = (None, None);
        }
        let from = self.newest.map(|newest| newest - Days::new(back));
        let beyond = self.last.clone();
        self.window.get_or_insert(Window { from, beyond, day: today, newest: None, last: None, after: None })
    }

    /// Notes a row of the window; says whether it is news.
    pub(super) fn note(&mut self, seen: Seen<'_>, back: u64) -> bool {
        let Some(window) = &mut self.window else { return true };
        if window.last.as_ref().is_none_or(|last| last < seen.key) {
            window.last = Some(seen.key.clone());
        }
        let Some(day) = seen.day.map(|day| day.min(window.day)) else { return true };
        if window.newest.is_none_or(|newest| newest < day) {
            window.newest = Some(day);
        }
        let newest = window.newest.max(self.newest);
        let oldest = newest.map(|newest| newest - Days::new(back));
        if let Some(oldest) =
            oldest.filter(|oldest| self.recent.keys().next().is_some_and(|day| day < oldest))
        {
            self.recent = self.recent.split_off(&oldest);
        }
        if oldest.is_some_and(|oldest| day < oldest) {
            return true;
        }
        let digests = self.recent.entry(day).or_default();
        let known = digests.get(&seen.key.to_string());
        if known == Some(&seen.digest) {
            return false;
        }
        digests.insert(seen.key.to_string(), seen.digest);
        true
    }

    /// The window has been read to its end.
    pub(super) fn end_window(&mut self, numbered: bool) {
        if let Some(window) = self.window.take() {
            self.newest = self.newest.max(window.newest);
            if numbered {
                self.last = self.last.take().max(window.last);
            }
        }
    }

    pub(super) fn is_flagged(&self, key: &Key) -> bool {
        matches!(key, Key::Number(key) if self.flagged.contains(key))
    }

    /// Notes whether a row has the flag now.
    pub(super) fn flag(&mut self, key: &Key, has_it: bool) {
        if let Key::Number(key) = key {
            if has_it {
                self.flagged.insert(*key);
            } else {
                self.flagged.remove(key);
            }
        }
    }

    /// Keys after `after` and up to `to` that had the flag: where a look at all flagged rows did not meet them, they have lost it.
    pub(super) fn flagged_between(&self, after: Option<&Key>, to: Option<&Key>) -> Vec<i64> {
        let number = |key: &Key| match key {
            Key::Number(number) => Some(*number),
            Key::Text(_) => None,
        };
        let from = after.and_then(number).map_or(Bound::Unbounded, Bound::Excluded);
        let to = to.and_then(number);
        let range = self.flagged.range((from, Bound::Unbounded)).copied();
        range.take_while(|key| to.is_none_or(|to| *key <= to)).collect()
    }
}

/// Days back from the newest that a window starts.
pub(super) fn days_back(follow: &Follow, reread_days: u64) -> u64 {
    if follow.numbered { reread_days } else { MARGIN_DAYS }
}

impl Window {
    /// The condition that its rows fulfil; none for everything.
    pub(super) fn filter(&self, follow: &Follow, key: &str, first_day: Option<NaiveDate>) -> Option<String> {
        let since = |day: NaiveDate| move |field: &&str| format!("{field} ge '{day}'");
        let mut each: Vec<String> =
            self.beyond.iter().map(|beyond| format!("{key} gt {}", beyond.literal())).collect();
        each.extend(self.from.into_iter().flat_map(|from| follow.days.iter().map(since(from))));
        if each.is_empty() {
            return Some(since(first_day?)(&follow.dated?));
        }
        Some(format!("({})", each.join(" or ")))
    }
}

#[cfg(test)]
mod tests;
