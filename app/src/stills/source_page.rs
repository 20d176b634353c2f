//! One source: how it stands, its streams, what did not fit, its loads, and what it was told.
//!
//! Invariant: of a secret the page knows only that there is one.

use super::source_form::refusal;
use super::sources::{act, label, state};
use super::words::Words;
use super::{Posted, Telling, deed, governed, making, reasons};
use crate::components::icons::{icon_html, sign};
use crate::components::still::{Html, Piece, all, el};
use crate::routes;
use contract::sources::{SourcePage, SyncCard, SyncState, Trigger};

/// The part that is told anew while the page is open.
pub fn standing(page: &SourcePage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let step = |href: &str, current: &str, name: &str| {
        let link = [("href", href), ("rel", "external"), ("aria-current", current)];
        el("li", &[], el("a", &link, el("span", &[], name)))
    };
    let name = &page.card.name;
    let way =
        el("ol", &[], (step(routes::SOURCES, "", words.sources), step(&routes::source(name), "page", name)));
    let crumbs = el("nav", &[("class", "crumbs"), ("aria-label", words.sources)], way);
    let parts = (now(page, telling), history(page, telling), governed::changes(page, telling));
    all((crumbs, governed::news(page, telling), el("div", &[("class", "grid first")], parts)))
}

/// The rest of it, and why a decision that was just sent could not be taken.
pub fn rest(page: &SourcePage, posted: &Posted, telling: &Telling) -> Html {
    let parts = (
        governed::hook(page, telling),
        (page.card.kind == "sheet").then(|| making::file(&page.card.name, posted, telling)),
        governed::streams(page, telling),
        (!page.rejects.is_empty()).then(|| rejects(page, telling)),
        settings(page, telling),
    );
    all((refusal(posted, telling.lang), el("div", &[("class", "grid")], parts)))
}

pub(super) fn section(
    span: &str,
    id: &str,
    (title, more): (&str, &str),
    acts: Option<Html>,
    body: impl Piece,
) -> Html {
    let titles = el("div", &[], (el("h2", &[], title), el("p", &[], more)));
    let acts = acts.map(|acts| el("div", &[("class", "tile-act")], acts));
    let head = el("header", &[("class", "tile-head")], (titles, acts));
    el("section", &[("class", &format!("tile {span}")), ("id", id)], (head, body))
}

fn now(page: &SourcePage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let card = &page.card;
    let next = card.next_at.as_deref().map_or_else(|| words.by_hand.to_owned(), |at| telling.clock(at));
    let fact = |name: &str, value: String| {
        el("div", &[], (el("dt", &[], locale::plural::capitalized(name)), el("dd", &[], value)))
    };
    let promised = card.freshness.promised_minutes;
    let promise = promised.map_or_else(|| words.no_promise.to_owned(), |minutes| telling.span(minutes * 60));
    let facts = el(
        "dl",
        &[("class", "facts")],
        (
            fact(words.promise, promise),
            fact(words.schedule, telling.schedule(&card.schedule)),
            fact(words.next, next),
            fact(words.rows_today, telling.count(card.rows_today)),
        ),
    );
    let title = label(&card.title, telling.lang);
    section(
        "s12",
        "situacao",
        (&card.name, title),
        Some(act(card, true, telling)),
        (el("div", &[], state(card, telling)), facts),
    )
}

fn history(page: &SourcePage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let rows: Vec<Html> = page.history.iter().map(|sync| load(sync, telling)).collect();
    let head = heads(&[
        ("", words.began),
        ("", words.state),
        ("r", words.took),
        ("r", words.rows),
        ("r sm-hide", words.rejected),
        ("sm-hide", words.why),
        ("", words.message),
    ]);
    let table = el("table", &[("class", "table roomy stacked loads")], (head, el("tbody", &[], rows)));
    section(
        "s12",
        "historico",
        (words.history, words.history_more),
        None,
        el("div", &[("class", "scroll")], table),
    )
}

pub(super) fn heads(columns: &[(&str, &str)]) -> Html {
    let columns: Vec<Html> = columns
        .iter()
        .map(|(class, name)| {
            el("th", &[("class", class), ("scope", "col")], locale::plural::capitalized(name))
        })
        .collect();
    el("thead", &[], el("tr", &[], columns))
}

fn load(sync: &SyncCard, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let (symbol, said) = match sync.state {
        SyncState::Running => ("off", words.reading),
        SyncState::Done => ("ok", words.done),
        SyncState::Partial => ("warn", words.partial),
        SyncState::Failed => ("bad", words.failed),
        SyncState::Cancelled => ("off", words.cancelled),
        SyncState::Interrupted => ("warn", words.interrupted),
    };
    let took = sync.seconds.map(|seconds| telling.span(seconds));
    let why = match sync.trigger {
        Trigger::Schedule => words.by_schedule,
        Trigger::Person => words.by_person,
        Trigger::Run => words.by_run,
    };
    let shown = (sign(&format!("s-{symbol}"), &format!("st st-{symbol}")), said);
    el(
        "tr",
        &[],
        (
            el("td", &[("class", "nowrap")], telling.moment(&sync.started_at)),
            el("td", &[], el("span", &[("class", "state")], shown)),
            el("td", &[("class", "r"), ("data-label", words.took)], took.unwrap_or_default()),
            el("td", &[("class", "r"), ("data-label", words.rows)], telling.count(sync.rows)),
            el("td", &[("class", "r sm-hide")], telling.count(sync.rejected)),
            el("td", &[("class", "sm-hide")], why),
            el("td", &[("class", "said")], sync.message.clone().unwrap_or_default()),
        ),
    )
}

fn rejects(page: &SourcePage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let rows: Vec<Html> = page
        .rejects
        .iter()
        .map(|reject| {
            let place = format!("{} · {}", reject.place, reject.row);
            el(
                "tr",
                &[],
                (
                    el("th", &[("scope", "row")], reject.stream.as_str()),
                    el("td", &[], place),
                    el("td", &[], el("code", &[], reject.column.as_str())),
                    el("td", &[("class", "said")], reject.value.as_str()),
                    el("td", &[("class", "said")], reasons::told(&reject.reason, telling.lang)),
                ),
            )
        })
        .collect();
    let head = heads(&[
        ("", words.stream),
        ("", words.place),
        ("", words.column),
        ("", words.value),
        ("", words.reason),
    ]);
    let table = el("table", &[("class", "table stacked")], (head, el("tbody", &[], rows)));
    section(
        "s12",
        "rejeitadas",
        (words.rejects, words.rejects_more),
        None,
        el("div", &[("class", "scroll")], table),
    )
}

fn settings(page: &SourcePage, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let told: Vec<Html> = page
        .settings
        .iter()
        .filter_map(|told| {
            let value = told.value.as_deref()?;
            let shown = if told.parameter.is_secret() { words.kept_secret } else { value };
            let name = label(&told.parameter.label, telling.lang);
            Some(el("div", &[], (el("dt", &[], name), el("dd", &[], shown))))
        })
        .collect();
    let name = &page.card.name;
    let change = (!page.settings.is_empty()).then(|| {
        el(
            "a",
            &[("class", "btn"), ("href", &routes::source_settings(name)), ("rel", "external")],
            words.change,
        )
    });
    let remove = deed(
        &routes::source_deed(name, "remover"),
        "btn danger",
        words.remove,
        "remover",
        all((icon_html("x"), words.remove)),
    );
    let body = (
        el("dl", &[("class", "facts")], told),
        el("div", &[("class", "acts")], (change, remove, el("small", &[], words.remove_more))),
    );
    section("s12", "ajustes", (words.settings, ""), None, body)
}
