//! The last page of an upload: how the board comes about; and another file for a sheet that has one.
//!
//! Invariant: the page that is sent and the one that is told later are made by the same function; a link leads on when the board is there.

use super::upload_columns::strangers;
use super::upload_words::Words;
use super::uploads::{Stage, form, notice, refused, stages};
use super::{Posted, Telling};
use crate::components::icons::sign;
use crate::components::still::{Html, Piece, all, el};
use crate::routes;
use contract::uploads::{Making, Replacement, Step};
use locale::plural;

pub fn page(making: &Making, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let rows = plural::counted(making.rows, words.rows.0, words.rows.1, telling.lang);
    // Which of the three steps is being done; 3 when all are.
    let at = match &making.step {
        Step::Reading => 0,
        Step::Building => 1,
        Step::Ready(_) => 3,
        Step::Failed(_) if making.rows == 0 => 0,
        Step::Failed(_) => 1,
    };
    let failed = matches!(making.step, Step::Failed(_));
    let step = |(index, name, more): (usize, &str, &str)| {
        let (symbol, said) = match index.cmp(&at) {
            std::cmp::Ordering::Less => ("ok", words.done),
            std::cmp::Ordering::Equal if failed => ("bad", words.failed),
            std::cmp::Ordering::Equal => ("off", words.under_way),
            std::cmp::Ordering::Greater => ("off", words.waiting),
        };
        let busy = index == at && !failed;
        let bar = busy.then(|| el("progress", &[("aria-label", name)], ()));
        let text = (el("b", &[], name), el("small", &[], if more.is_empty() { said } else { more }), bar);
        el("li", &[], (sign(&format!("s-{symbol}"), &format!("st st-{symbol}")), el("span", &[], text)))
    };
    let read = if at > 0 || making.rows > 0 { rows.as_str() } else { "" };
    let steps: Vec<Html> = [(0, words.reading, read), (1, words.building, ""), (2, words.ready, "")]
        .into_iter()
        .map(step)
        .collect();
    let source = routes::source(&making.source);
    let to_source = el("a", &[("class", "btn"), ("href", &source), ("rel", "external")], words.to_source);
    let (outcome, on) = match &making.step {
        Step::Ready(board) => {
            let href = routes::board(board);
            let link = [
                ("class", "btn primary"),
                ("href", href.as_str()),
                ("rel", "external"),
                ("data-next", "board"),
            ];
            (None, Some(el("a", &link, words.open_board)))
        }
        Step::Failed(why) => {
            let mut said = el("b", &[], words.failed);
            (". ", why.as_str()).write(&mut said.0);
            (Some(notice("bad", said, "falha", "alert")), None)
        }
        Step::Reading | Step::Building => (Some(el("noscript", &[], el("p", &[], words.reload))), None),
    };
    let titles = el("div", &[], (el("h2", &[], words.making), el("p", &[], words.making_more)));
    let tile = (
        el("header", &[("class", "tile-head")], titles),
        el("ol", &[("class", "making"), ("role", "status")], steps),
        outcome,
        el("p", &[("class", "acts")], (on, to_source)),
    );
    all((
        stages(Stage::Board, telling),
        el(
            "div",
            &[("class", "grid first")],
            el("section", &[("class", "tile s12"), ("id", "andamento")], tile),
        ),
    ))
}

/// On a sheet's page: its board, and a form for another file.
pub fn file(source: &str, posted: &Posted, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let board = routes::board(source);
    let open = el("a", &[("class", "btn sm"), ("href", &board), ("rel", "external")], words.open_board);
    let titles = el("div", &[], (el("h2", &[], words.file), el("p", &[], words.file_more)));
    let head = el("header", &[("class", "tile-head")], (titles, el("div", &[("class", "tile-act")], open)));
    let body = (
        head,
        posted.refusal.as_ref().map(|refusal| refused(refusal, telling)),
        form(&routes::sheet_file(source), telling),
    );
    el("section", &[("class", "tile s12"), ("id", "arquivo")], body)
}

/// What another file would change, and the two ways of taking it.
pub fn comparison(replacement: &Replacement, posted: &Posted, telling: &Telling) -> Html {
    let words = Words::of(telling.lang);
    let rows = plural::counted(replacement.rows, words.rows.0, words.rows.1, telling.lang);
    let told = |title: &str, names: &[String], more: &str, class: &str, id: &str| {
        (!names.is_empty()).then(|| {
            let mut said = el("b", &[], title);
            (" ", names.join(", "), ". ", more).write(&mut said.0);
            notice(class, said, id, "")
        })
    };
    let rejected = (replacement.rejected > 0).then(|| {
        let count = plural::counted(replacement.rejected, words.rejected.0, words.rejected.1, telling.lang);
        notice("warn", all((el("b", &[], count), " ", words.rejected_more)), "rejeitadas", "")
    });
    let misfits: Vec<Html> = replacement
        .misfits
        .iter()
        .map(|(column, count, values)| {
            el("div", &[], (el("b", &[], column.as_str()), strangers(*count, values, telling)))
        })
        .collect();
    let alike = replacement.missing.is_empty() && replacement.added.is_empty() && replacement.rejected == 0;
    let button = |value: &str, class: &str, text: &str| {
        el("button", &[("class", class), ("name", "act"), ("value", value)], text)
    };
    let buttons = (!replacement.breaks).then(|| {
        let action = routes::sheet_upload(&replacement.source, &replacement.id);
        let both = (button("replace", "btn primary", words.replace), button("append", "btn", words.append));
        let acts = (both, el("small", &[], words.replace_more));
        el("form", &[("method", "post"), ("action", &action), ("class", "acts")], acts)
    });
    let why = replacement.breaks.then(|| {
        notice("bad", all((words.missing_date, " ", replacement.missing.join(", "))), "falta-data", "alert")
    });
    let title = format!("{rows} {} {}", words.in_file, replacement.file);
    let titles = el("div", &[], (el("h2", &[], title), el("p", &[], words.file_more)));
    let remarks = (
        posted.refusal.as_ref().map(|refusal| refused(refusal, telling)),
        why,
        alike.then(|| notice("ok", all(words.all_alike), "iguais", "")),
        told(words.missing, &replacement.missing, words.missing_more, "warn", "faltam"),
        told(words.added, &replacement.added, words.added_more, "off", "novas"),
        rejected,
        misfits,
    );
    let tile = (
        el("header", &[("class", "tile-head")], titles),
        el("div", &[("class", "remarks")], remarks),
        buttons,
    );
    el("div", &[("class", "grid first")], el("section", &[("class", "tile s12"), ("id", "comparar")], tile))
}
