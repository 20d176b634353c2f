//! The first page of an upload, where the file is sent, and why one was not accepted.
//!
//! Invariant: it works as a plain form; dropping a file on it is what `public/upload.js` adds.

use super::upload_words::Words;
use super::{Posted, Telling};
use crate::components::icons::{icon_html, sign};
use crate::components::still::{Html, Piece, all, el};
use crate::routes;
use contract::uploads::{MOST_BYTES, Refusal};

/// Where the way to a board stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Send,
    Check,
    Board,
}

pub fn page(posted: &Posted, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let titles = el("div", &[], (el("h2", &[], words.send), el("p", &[], words.send_more)));
    let tile = (el("header", &[("class", "tile-head")], titles), form(routes::SHEET, telling));
    all((
        stages(Stage::Send, telling),
        posted.refusal.as_ref().map(|refusal| refused(refusal, telling)),
        el("div", &[("class", "grid first")], el("section", &[("class", "tile s12")], tile)),
    ))
}

/// The three steps; the one that is being done is marked.
pub fn stages(now: Stage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let step = |(stage, name): (Stage, &str)| {
        let current = if stage == now { "step" } else { "" };
        el("li", &[("aria-current", current)], name)
    };
    let [send, check, board] = words.steps;
    let steps: Vec<Html> =
        [(Stage::Send, send), (Stage::Check, check), (Stage::Board, board)].into_iter().map(step).collect();
    el("ol", &[("class", "stages"), ("aria-label", words.send)], steps)
}

/// A form with one file, sent to `action`.
pub fn form(action: &str, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let input = el(
        "input",
        &[
            ("type", "file"),
            ("name", "file"),
            ("required", "required"),
            ("accept", ".csv,.tsv,.txt,.xlsx,.xlsm"),
            ("data-most", &MOST_BYTES.to_string()),
            ("data-too-large", words.too_large),
        ],
        (),
    );
    let zone = el(
        "label",
        &[("class", "drop-zone")],
        (
            icon_html("upload"),
            el("b", &[], words.drag),
            el("span", &[], words.or_choose),
            input,
            el("small", &[], words.promise),
        ),
    );
    let button = el("button", &[("class", "btn primary"), ("data-busy", words.sending)], words.send_file);
    el(
        "form",
        &[("class", "sending"), ("method", "post"), ("action", action), ("enctype", "multipart/form-data")],
        (zone, el("p", &[("class", "acts")], button)),
    )
}

/// What was wrong, and what to do.
pub fn refused(refusal: &Refusal, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let (why, detail) = match refusal {
        Refusal::NoFile => (words.no_file, String::new()),
        Refusal::TooLarge => (words.too_large, String::new()),
        Refusal::Empty => (words.empty, String::new()),
        Refusal::Protected => (words.protected, String::new()),
        Refusal::NotATable => (words.not_a_table, String::new()),
        Refusal::Unreadable(detail) => (words.unreadable, detail.clone()),
        Refusal::NoDate => (words.no_date, String::new()),
        Refusal::NothingFits => (words.nothing_fits, String::new()),
        Refusal::Same => (words.same, String::new()),
        Refusal::MissingColumns(names) => (words.missing_date, names.join(", ")),
        Refusal::Failure(failure) => ("", failure.message.clone()),
    };
    let mut said = el("b", &[], words.not_taken);
    (". ", why, " ", detail).write(&mut said.0);
    notice("bad", said, "recusa", "alert")
}

/// A remark with its sign.
pub fn notice(class: &str, said: Html, id: &str, role: &str) -> Html {
    let sign = sign(&format!("s-{class}"), &format!("st st-{class}"));
    el(
        "div",
        &[("class", &format!("notice {class}")), ("id", id), ("role", role)],
        (sign, el("p", &[], said)),
    )
}
