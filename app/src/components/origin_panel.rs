//! "De onde veio este número?": definition, formula with live figures, lineage, checks and owner.
//!
//! Invariant: everything here was read from the edition that the figures come from.

use super::Env;
use super::icons::sign;
use super::still::{Html, all, el};
use crate::calls::Called;
use crate::routes;
use crate::session::Session;
use crate::texts::Texts;
use crate::view_models::instants;
use contract::metrics::{CheckStatus, Layer, Origin, OriginTable};
use kpi::MetricDefinition;
use leptos::prelude::*;

/// The formula with figures below it: above the line, below the line, and what comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFormula {
    pub above: (String, String),
    pub below: (String, String),
    pub result: String,
}

pub struct Panel<'a> {
    pub session: &'a Session,
    pub definition: &'a MetricDefinition,
    pub origin: &'a Called<Origin>,
    pub formula: Option<LiveFormula>,
    /// `UF: SP, PR`.
    pub filters: Vec<String>,
}

pub fn origin_panel(panel: &Panel<'_>, env: Env) -> AnyView {
    let texts = env.texts;
    let description = texts.label(&panel.definition.description);
    let filters: Vec<Html> = panel.filters.iter().map(|filter| el("li", &[], filter.as_str())).collect();
    let title = el("h2", &[("id", "origem-titulo")], texts.where_from);
    let html = all((
        el("header", &[("class", "tile-head")], el("div", &[], title)),
        (!description.is_empty()).then(|| section(texts.definition, el("p", &[], description))),
        section(texts.formula, formula(panel, texts)),
        (!filters.is_empty()).then(|| section(texts.filters_in_force, el("ul", &[], filters))),
        match panel.origin {
            Ok(origin) => evidence(origin, panel, texts),
            Err(failure) => el("p", &[("class", "notice bad")], failure.0.message.as_str()),
        },
    ));
    view! { <aside class="tile origin-panel" data-sticky="" id="origem" aria-labelledby="origem-titulo" inner_html=html.0></aside> }.into_any()
}

fn section(title: &str, content: Html) -> Html {
    el("section", &[], (el("h3", &[], title), content))
}

fn formula(panel: &Panel<'_>, texts: &'static Texts) -> Html {
    let words = texts.label(&panel.definition.formula);
    let Some(live) = &panel.formula else { return el("p", &[], words) };
    let label = format!("{} ÷ {}", live.above.0, live.below.0);
    let fraction = (el("i", &[], live.above.0.as_str()), el("i", &[], live.below.0.as_str()));
    let division = format!("÷ {} = {}", live.below.1, live.result);
    all((
        el(
            "div",
            &[("class", "formula"), ("role", "math"), ("aria-label", &label)],
            el("span", &[], fraction),
        ),
        el("p", &[("class", "mono mute")], (live.above.1.as_str(), el("br", &[], ()), division)),
        (!words.is_empty()).then(|| el("p", &[("class", "mute")], words)),
    ))
}

fn evidence(origin: &Origin, panel: &Panel<'_>, texts: &'static Texts) -> Html {
    let definition = panel.definition;
    let (passed, run) = tally(origin);
    let (symbol, class) = if passed == run { ("s-ok", "st st-ok") } else { ("s-bad", "st st-bad") };
    let count = format!("{}: {passed} {} {run}", texts.checks, texts.checks_passed_of);
    let summary = el("summary", &[], (sign(symbol, class), count));
    let expressions: Vec<Html> = origin
        .expressions
        .iter()
        .map(|(name, sql)| el("li", &[], (el("b", &[], name.as_str()), el("code", &[], sql.as_str()))))
        .collect();
    let expressions = (!expressions.is_empty()).then(|| {
        let details = el("details", &[], (el("summary", &[], texts.expressions), el("ul", &[], expressions)));
        el("section", &[("class", "expressions")], details)
    });
    let when = |instant: &str| day_time(instant, panel.session, texts);
    let named = |title, name: &Option<String>| name.as_ref().map(|name| fact(title, name));
    let facts = (
        (
            fact(texts.updated, &when(&origin.published_at)),
            fact(texts.edition_name, &origin.edition.to_string()),
        ),
        (named(texts.owner, &definition.owner), named(texts.steward, &definition.steward)),
        origin.changed_at.as_ref().map(|at| fact(texts.last_change, &when(at))),
        fact(texts.definition_hash, &short_hash(origin)),
        fact(texts.pack, &definition.pack),
        named(texts.classification, &definition.classification),
        used_on(origin, panel, texts),
    );
    all((
        section(texts.lineage, lineage(origin, definition, texts)),
        el(
            "section",
            &[("class", "checks")],
            el("details", &[], (summary, el("ul", &[], checks(origin, texts)))),
        ),
        expressions,
        el("dl", &[("class", "facts col")], facts),
    ))
}

fn fact(title: &str, value: &str) -> Html {
    el("div", &[], (el("dt", &[], title), el("dd", &[], value)))
}

fn short_hash(origin: &Origin) -> String {
    origin.hash.chars().take(8).collect()
}

fn used_on(origin: &Origin, panel: &Panel<'_>, texts: &'static Texts) -> Option<Html> {
    let links: Vec<Html> = origin
        .used_on
        .iter()
        .filter_map(|id| panel.session.boards.iter().find(|board| board.id == *id))
        .map(|board| el("a", &[("href", &routes::board(&board.id))], texts.label(&board.title)))
        .collect();
    (!links.is_empty()).then(|| el("div", &[], (el("dt", &[], texts.used_on), el("dd", &[], links))))
}

/// Checks that passed, and checks that ran.
fn tally(origin: &Origin) -> (usize, usize) {
    let run = origin.checks.iter().filter(|check| check.status != CheckStatus::Skipped);
    let passed =
        run.clone().filter(|check| matches!(check.status, CheckStatus::Pass | CheckStatus::Warn)).count();
    (passed, run.count())
}

fn checks(origin: &Origin, texts: &'static Texts) -> Vec<Html> {
    let mut list: Vec<_> = origin.checks.iter().collect();
    list.sort_by_key(|check| match check.status {
        CheckStatus::Fail | CheckStatus::Error => 0,
        CheckStatus::Warn => 1,
        CheckStatus::Skipped => 2,
        CheckStatus::Pass => 3,
    });
    list.into_iter()
        .map(|check| {
            let (symbol, class, word) = match check.status {
                CheckStatus::Pass => ("s-ok", "st st-ok", texts.passed),
                CheckStatus::Warn => ("s-warn", "st st-warn", texts.warned),
                CheckStatus::Fail | CheckStatus::Error => ("s-bad", "st st-bad", texts.failed),
                CheckStatus::Skipped => ("s-off", "st st-off", texts.not_run),
            };
            let place = check
                .column
                .as_ref()
                .map_or_else(|| check.table.clone(), |column| format!("{}.{column}", check.table));
            let failures = if check.failures > 0 {
                format!(" · {} {}", check.failures, texts.failures)
            } else {
                String::new()
            };
            let small = el("small", &[], format!("{place} · {word}{failures}"));
            el("li", &[], (sign(symbol, class), el("span", &[], (check.name.as_str(), small))))
        })
        .collect()
}

/// Tables layer by layer, the metric last.
fn lineage(origin: &Origin, definition: &MetricDefinition, texts: &'static Texts) -> Html {
    let layer = |layer: Layer| {
        let nodes: Vec<Html> = origin
            .tables
            .iter()
            .filter(|table| table.layer == layer)
            .map(|table| node(table, origin, texts))
            .collect();
        let class = if nodes.len() > 1 { "pair" } else { "single" };
        (!nodes.is_empty()).then(|| el("li", &[("class", class)], nodes))
    };
    let name = el("span", &[], (sign("s-ok", "st st-ok"), el("b", &[], texts.label(&definition.label))));
    let version = el("small", &[], format!("{} {}", texts.definition_hash, short_hash(origin)));
    let metric = el("li", &[("class", "node kpi-node sel")], (name, version));
    el("ol", &[("class", "path")], (layer(Layer::Raw), layer(Layer::Staging), layer(Layer::Marts), metric))
}

fn node(table: &OriginTable, origin: &Origin, texts: &'static Texts) -> Html {
    let failed = origin.checks.iter().any(|check| {
        check.table == table.name && matches!(check.status, CheckStatus::Fail | CheckStatus::Error)
    });
    let (symbol, class) = if failed { ("s-bad", "st st-bad") } else { ("s-ok", "st st-ok") };
    let layer = match table.layer {
        Layer::Raw => texts.layer_raw,
        Layer::Staging => texts.layer_staging,
        Layer::Marts => texts.layer_marts,
    };
    let checks = match table.checks {
        0 => texts.check_none.to_owned(),
        count => locale::plural::counted(count.into(), texts.check_one, texts.check_many, texts.lang),
    };
    let name = table.name.split_once('.').map_or(table.name.as_str(), |(_, name)| name);
    let content = (
        el("span", &[], (sign(symbol, class), el("b", &[], name))),
        el("small", &[], format!("{layer} · {checks}")),
    );
    el("div", &[("class", "node"), ("title", &table.description)], content)
}

/// An RFC 3339 instant in the workspace's time zone; the text itself when it is none.
fn day_time(instant: &str, session: &Session, texts: &Texts) -> String {
    instants::local_time(instant, &session.status.time_zone)
        .map_or_else(|| instant.to_owned(), |at| locale::date::day_time(at, texts.lang))
}
