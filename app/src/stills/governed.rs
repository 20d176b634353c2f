//! What a steward sees and decides about the streams of a source: which are read, which again, what becomes of changes.
//!
//! Invariant: a decision stands beside what it concerns, and says what it does before it is taken.

use super::Telling;
use super::source_page::{heads, section};
use super::stream_words::StreamWords;
use super::words::Words;
use crate::components::icons::{icon_html, sign};
use crate::components::still::{Html, all, el};
use crate::routes;
use contract::changes::{ChangeCard, ChangeState, StreamChange};
use contract::sources::{SourcePage, StreamCard, StreamReads};
use locale::Lang;

/// What stops the source, or waits for a decision; and the build that is under way.
pub fn news(page: &SourcePage, telling: &Telling) -> Html {
    let words = StreamWords::of(telling.lang);
    let refused = page.card.refused.as_ref().map(|_| {
        let said = el("p", &[], (el("b", &[], words.refused), " ", words.refused_more));
        banner("recusada", "bad", all(said))
    });
    let held: Vec<Html> = page
        .changes
        .iter()
        .filter(|card| card.state == ChangeState::Held)
        .map(|card| held(page, card, telling))
        .collect();
    let building = page.building.as_ref().map(|building| {
        let step = words.steps.iter().find(|(step, _)| *step == building.step).map_or("", |(_, said)| *said);
        let (done, total) = (building.done.to_string(), building.total.to_string());
        let counted = if building.total > 0 {
            format!("{step} · {done} {} {total}", Words::of(telling.lang).of)
        } else {
            step.to_owned()
        };
        let bar = match building.total {
            0 => el("progress", &[("aria-label", step)], ()),
            _ => el("progress", &[("aria-label", step), ("max", &total), ("value", &done)], ()),
        };
        el(
            "p",
            &[("class", "reading build"), ("role", "status"), ("id", "montagem")],
            (el("b", &[], counted), bar),
        )
    });
    all((refused, held, building))
}

fn banner(id: &str, symbol: &str, said: Html) -> Html {
    let attributes = [("class", "banner"), ("role", "status"), ("id", id)];
    el("div", &attributes, (sign(&format!("s-{symbol}"), &format!("st st-{symbol}")), said))
}

fn held(page: &SourcePage, card: &ChangeCard, telling: &Telling) -> Html {
    let words = StreamWords::of(telling.lang);
    let name = &page.card.name;
    let what = format!("{}: {}", card.stream, said(&card.change, telling));
    let text = el("p", &[], (el("b", &[], words.held), ". ", what, ". ", words.held_more));
    let hidden = || el("input", &[("type", "hidden"), ("name", "stream"), ("value", &card.stream)], ());
    let form = |deed: &str, class: &str, label: &str, id: &str| {
        let button = el("button", &[("class", class), ("id", id)], label);
        el("form", &[("method", "post"), ("action", &routes::source_deed(name, deed))], (hidden(), button))
    };
    let acts = el(
        "div",
        &[("class", "acts")],
        (
            form("aceitar", "btn primary sm", words.accept, &format!("aceitar-{}", card.id)),
            form("repousar", "btn sm", words.let_rest, &format!("repousar-{}", card.id)),
            el("small", &[], words.accept_more),
        ),
    );
    banner(&format!("espera-{}", card.stream), "warn", el("div", &[], (text, acts)))
}

/// The streams: how many rows each has, and which are read.
pub fn streams(page: &SourcePage, telling: &Telling) -> Html {
    let (words, own) = (Words::of(telling.lang), StreamWords::of(telling.lang));
    let can_choose = page.streams.iter().any(|stream| stream.reads != StreamReads::Along);
    let rows: Vec<Html> = page.streams.iter().map(|stream| row(stream, telling)).collect();
    let head = heads(&[
        ("", words.stream),
        ("sm-hide", words.table),
        ("r", words.rows),
        ("r", words.rejected),
        ("r", words.loaded),
        ("r", own.read),
    ]);
    let table = el("table", &[("class", "table stacked streams")], (head, el("tbody", &[], rows)));
    let save = can_choose.then(|| {
        el(
            "p",
            &[("class", "acts")],
            el("button", &[("class", "btn sm"), ("id", "escolher")], own.save_choice),
        )
    });
    let form = el(
        "form",
        &[("method", "post"), ("action", &routes::source_deed(&page.card.name, "fluxos"))],
        (el("div", &[("class", "scroll")], table), save),
    );
    // What was never read has nothing to choose or to read again.
    let body = match page.streams.is_empty() {
        true => el("p", &[("class", "note")], words.never),
        false => all((form, again(page, telling))),
    };
    let (_, many) = words.streams;
    let title = locale::plural::capitalized(many);
    section("s12", "fluxos", (&title, own.streams_more), None, body)
}

fn row(stream: &StreamCard, telling: &Telling) -> Html {
    let (words, own) = (Words::of(telling.lang), StreamWords::of(telling.lang));
    let count =
        |number: Option<u64>| number.map_or_else(|| locale::NONE.to_owned(), |number| telling.count(number));
    let reads = match stream.reads {
        StreamReads::Along => all(el("small", &[], own.along)),
        reads => tick(&stream.name, reads == StreamReads::Yes, own.read, ""),
    };
    let state =
        (stream.reads == StreamReads::Resting).then(|| el("small", &[("class", "mute")], own.resting));
    let used = (!stream.used_by.is_empty()).then(|| {
        let users =
            locale::list::and(&stream.used_by.iter().map(String::as_str).collect::<Vec<_>>(), telling.lang);
        el("small", &[("class", "users")], format!("{} {users}", own.used_by))
    });
    let loaded = stream.loaded_at.as_deref().map(|at| telling.moment(at)).unwrap_or_default();
    el(
        "tr",
        &[],
        (
            el("th", &[("scope", "row")], (stream.name.as_str(), " ", state, used)),
            el("td", &[("class", "sm-hide")], el("code", &[], stream.table.as_str())),
            el("td", &[("class", "r"), ("data-label", words.rows)], count(stream.rows)),
            el("td", &[("class", "r"), ("data-label", words.rejected)], count(stream.rejected)),
            el("td", &[("class", "r"), ("data-label", words.loaded)], loaded),
            el("td", &[("class", "r")], reads),
        ),
    )
}

/// A stream that can be chosen: `o` says that it was on offer, `s` that it is wanted. `form` is the id of the form that sends it, empty where it
/// stands in it.
pub(super) fn tick(stream: &str, chosen: bool, label: &str, form: &str) -> Html {
    let checked = if chosen { "checked" } else { "" };
    let label = format!("{label}: {stream}");
    all((
        el("input", &[("type", "hidden"), ("name", "o"), ("value", stream), ("form", form)], ()),
        el(
            "input",
            &[
                ("type", "checkbox"),
                ("name", "s"),
                ("value", stream),
                ("checked", checked),
                ("aria-label", &label),
                ("form", form),
            ],
            (),
        ),
    ))
}

fn again(page: &SourcePage, telling: &Telling) -> Html {
    let own = StreamWords::of(telling.lang);
    let day = [("class", "input"), ("type", "date"), ("name", "since"), ("required", "required")];
    let body = (
        el("label", &[("class", "field")], (el("span", &[], own.since), el("input", &day, ()))),
        el("button", &[("class", "btn sm"), ("id", "de-novo")], (icon_html("sync"), own.read_again)),
        el("small", &[], own.read_again_more),
    );
    let action = routes::source_deed(&page.card.name, "de-novo");
    el("form", &[("class", "acts again"), ("method", "post"), ("action", &action)], body)
}

/// What has changed in the streams, newest first; nothing where nothing has.
pub fn changes(page: &SourcePage, telling: &Telling) -> Option<Html> {
    let (words, own) = (Words::of(telling.lang), StreamWords::of(telling.lang));
    if page.changes.is_empty() {
        return None;
    }
    let rows: Vec<Html> = page
        .changes
        .iter()
        .map(|card| {
            let (symbol, state) = match card.state {
                ChangeState::Noted => ("ok", own.noted),
                ChangeState::Held => ("warn", own.waits),
                ChangeState::Accepted => ("ok", own.accepted),
                ChangeState::Done => ("ok", own.started_again),
                ChangeState::Withdrawn => ("off", own.withdrawn),
            };
            let shown = (sign(&format!("s-{symbol}"), &format!("st st-{symbol}")), state);
            let stream = if card.stream.is_empty() { page.card.name.as_str() } else { card.stream.as_str() };
            el(
                "tr",
                &[],
                (
                    el("th", &[("scope", "row")], stream),
                    el("td", &[("class", "nowrap")], telling.moment(&card.at)),
                    el("td", &[("class", "said")], said(&card.change, telling)),
                    el("td", &[], el("span", &[("class", "state")], shown)),
                ),
            )
        })
        .collect();
    let head = heads(&[("", words.stream), ("", own.when), ("", own.change), ("", words.state)]);
    let table = el("table", &[("class", "table stacked")], (head, el("tbody", &[], rows)));
    Some(section("s12", "mudancas", (own.changes, own.changes_more), None, table))
}

fn said(change: &StreamChange, telling: &Telling) -> String {
    let own = StreamWords::of(telling.lang);
    let of = |word: &str| typed(word, telling.lang);
    let listed = |columns: &[String]| match columns {
        [] => own.nothing.to_owned(),
        columns => columns.join(", "),
    };
    match change {
        StreamChange::ColumnNew { column, column_type } => {
            format!("{} {column} ({})", own.new_column, of(column_type))
        }
        StreamChange::ColumnGone { column } => {
            let (before, behind) = own.column_gone;
            format!("{before} {column} {behind}")
        }
        StreamChange::Widened { column, before, after }
        | StreamChange::Incompatible { column, before, after } => {
            format!("{column}: {} → {}", of(before), of(after))
        }
        StreamChange::KeyChanged { before, after } => {
            let (now, formerly) = own.told_apart;
            format!("{now} {}, {formerly} {}", listed(after), listed(before))
        }
        StreamChange::ReadAgain { since } => {
            let day = since.parse().map(|day| locale::date::day(day, telling.lang));
            format!("{} {}", own.asked_again, day.unwrap_or_else(|_| since.clone()))
        }
    }
}

/// A type in the reader's words: `decimal(18,2)` keeps its digits.
fn typed(word: &str, lang: Lang) -> String {
    let (name, digits) = word.split_at(word.find('(').unwrap_or(word.len()));
    let known = StreamWords::of(lang).types.iter().find(|(known, _)| *known == name);
    format!("{}{digits}", known.map_or(name, |(_, said)| *said))
}

/// Where the system sends to, and what to enter there.
pub fn hook(page: &SourcePage, telling: &Telling) -> Option<Html> {
    let own = StreamWords::of(telling.lang);
    let hook = page.hook.as_ref()?;
    let address = [
        ("class", "input"),
        ("readonly", "readonly"),
        ("value", hook.address.as_str()),
        ("aria-label", own.hook),
        ("id", "endereco"),
    ];
    // Without scripts there is nothing that could copy.
    let copy =
        [("class", "btn sm"), ("type", "button"), ("data-copy", hook.address.as_str()), ("hidden", "hidden")];
    let what = if page.card.kind == "whatsapp" { own.hook_whatsapp } else { own.hook_other };
    let body = (
        el("div", &[("class", "copied")], (el("input", &address, ()), el("button", &copy, own.copy))),
        el("p", &[("class", "note")], what),
        (!hook.is_public)
            .then(|| el("p", &[("class", "note")], (sign("s-warn", "st st-warn"), " ", own.hook_private))),
    );
    Some(section("s12", "entrada", (own.hook, ""), None, all(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_the_readers_words() {
        let telling = Telling { lang: Lang::PtBr, time_zone: "UTC".to_owned() };
        let text = |text: &str| text.to_owned();
        for (change, expected) in [
            (
                StreamChange::ColumnNew { column: text("canal"), column_type: text("text") },
                "coluna nova: canal (texto)",
            ),
            (
                StreamChange::Incompatible {
                    column: text("valor"),
                    before: text("decimal(18,2)"),
                    after: text("text"),
                },
                "valor: decimal(18,2) → texto",
            ),
            (
                StreamChange::KeyChanged { before: vec![text("id")], after: Vec::new() },
                "linhas distinguidas por nada, antes por id",
            ),
            (StreamChange::ReadAgain { since: text("2024-01-31") }, "lida de novo desde 31/01/2024"),
        ] {
            assert_eq!(said(&change, &telling).replace(locale::NBSP, " "), expected);
        }
    }
}
