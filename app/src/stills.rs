//! Parts of pages that only the server renders: the browser gets them finished, and its WASM does not grow with them.
//!
//! For pages that stewards and operators use at a desk and that ask the server for everything anyway. Their forms are plain forms, and
//! what moves on them is told anew by the server (`public/live.js`). Invariant: nothing here is compiled for the browser.

pub mod account;
mod document;
pub mod entry;
mod entry_words;
mod framed;
mod governed;
pub mod installed;
mod installed_words;
pub mod making;
pub mod people;
mod people_words;
mod reasons;
pub mod set_up;
pub mod source_form;
pub mod source_page;
pub mod sources;
pub mod start;
mod stream_words;
pub mod upload_columns;
mod upload_words;
pub mod uploads;
mod words;

pub use document::document;
pub use framed::shell;

use crate::components::still::{Html, el};
use chrono::NaiveDateTime;
use contract::sources::{Parameter, SourceDraft, Trial};
use contract::uploads::{Refusal, UploadDraft};
use locale::{Lang, date};

/// In which language, and in which time zone instants are told.
#[derive(Debug, Clone)]
pub struct Telling {
    pub lang: Lang,
    pub time_zone: String,
}

impl Telling {
    fn time(&self, instant: &str) -> Option<NaiveDateTime> {
        crate::view_models::instants::local_time(instant, &self.time_zone)
    }

    /// `28/11 14:32`, or nothing when it is no instant.
    fn moment(&self, instant: &str) -> String {
        self.time(instant).map(|at| date::day_time(at, self.lang)).unwrap_or_default()
    }

    fn clock(&self, instant: &str) -> String {
        self.time(instant).map(date::time).unwrap_or_default()
    }

    /// A span of time in its largest whole unit: `45 s`, `15 min`, `26 h`, `3 d`.
    fn span(&self, seconds: u64) -> String {
        let (count, unit) = match seconds {
            0..120 => (seconds, "s"),
            120..7_200 => (seconds / 60, "min"),
            7_200..172_800 => (seconds / 3600, "h"),
            _ => (seconds / 86_400, "d"),
        };
        format!("{}\u{a0}{unit}", self.count(count))
    }

    /// A schedule in the reader's words: `every 7m` is `a cada 7 min`; cron is the same everywhere.
    fn schedule(&self, words: &str) -> String {
        let Some(interval) = words.strip_prefix("every ") else { return words.to_owned() };
        let interval = interval.replace('m', "\u{a0}min").replace('h', "\u{a0}h").replace('d', "\u{a0}d");
        format!("{} {interval}", self.lang.pick("a cada", "every"))
    }

    fn count(&self, number: u64) -> String {
        locale::decimal::integer(number.min(i64::MAX.cast_unsigned()).cast_signed(), self.lang)
    }
}

/// What came of a form that was sent and is shown again.
#[derive(Debug, Clone, Default)]
pub struct Posted {
    /// What the person had typed, secrets left out.
    pub draft: Option<SourceDraft>,
    /// Why it was refused.
    pub refused: Option<String>,
    pub trial: Option<Trial>,
    /// What was said of an upload, and why it makes no board.
    pub upload: UploadDraft,
    pub refusal: Option<Refusal>,
    /// What came of a form about a person.
    pub person: people::PersonPosted,
    /// What the connector itself asks for.
    pub wants: Option<Vec<Parameter>>,
}

/// A form that does one thing to a source.
fn deed(action: &str, class: &str, label: &str, id: &str, shown: Html) -> Html {
    let button =
        el("button", &[("class", class), ("aria-label", label), ("id", id), ("title", label)], shown);
    el("form", &[("method", "post"), ("action", action)], button)
}
