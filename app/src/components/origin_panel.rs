//! "De onde veio este número?": definition, formula with live figures, lineage, checks and owner.
//!
//! Invariant: everything here was read from the edition that the figures come from.

use super::icons::sign;
use super::{Env, still};
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
    let definition = panel.definition;
    let description = texts.label(&definition.description).to_owned();
    let description = (!description.is_empty()).then(|| view! { <section><h3>{texts.definition}</h3><p>{description}</p></section> });
    let filters: Vec<_> = panel.filters.iter().map(|filter| view! { <li>{filter.clone()}</li> }).collect();
    let filters = (!filters.is_empty()).then(|| view! { <section><h3>{texts.filters_in_force}</h3><ul>{filters}</ul></section> });
    let mut html = still::html(view! {
        <header class="tile-head"><div><h2 id="origem-titulo">{texts.where_from}</h2></div></header>
        {description}
        <section><h3>{texts.formula}</h3><div inner_html=formula(panel, texts)></div></section>
        {filters}
    });
    html += &match panel.origin {
        Ok(origin) => evidence(origin, panel, texts),
        Err(failure) => still::html(view! { <p class="notice bad">{failure.0.message.clone()}</p> }),
    };
    view! { <aside class="tile origin-panel" data-sticky="" id="origem" aria-labelledby="origem-titulo" inner_html=html></aside> }.into_any()
}

fn formula(panel: &Panel<'_>, texts: &'static Texts) -> String {
    let words = texts.label(&panel.definition.formula).to_owned();
    let Some(live) = &panel.formula else {
        return still::html(view! { <p>{words}</p> });
    };
    let label = format!("{} ÷ {}", live.above.0, live.below.0);
    let division = format!("÷ {} = {}", live.below.1, live.result);
    still::html(view! {
        <div class="formula" role="math" aria-label=label><span><i>{live.above.0.clone()}</i><i>{live.below.0.clone()}</i></span></div>
        <p class="mono mute">{live.above.1.clone()}<br/>{division}</p>
        {(!words.is_empty()).then(|| view! { <p class="mute">{words}</p> })}
    })
}

fn evidence(origin: &Origin, panel: &Panel<'_>, texts: &'static Texts) -> String {
    let definition = panel.definition;
    let (passed, run) = tally(origin);
    let worst = if passed == run { ("s-ok", "st st-ok") } else { ("s-bad", "st st-bad") };
    let person = |name: &Option<String>, title: &'static str| name.clone().map(|name| fact(title, name));
    let published = day_time(&origin.published_at, panel.session, texts);
    let expressions: Vec<_> =
        origin.expressions.iter().map(|(name, sql)| view! { <li><b>{name.clone()}</b><code>{sql.clone()}</code></li> }).collect();
    let expressions = (!expressions.is_empty())
        .then(|| view! { <section class="expressions"><details><summary>{texts.expressions}</summary><ul>{expressions}</ul></details></section> });
    let count = format!("{}: {passed} {} {run}", texts.checks, texts.checks_passed_of);
    still::html(view! {
        <section><h3>{texts.lineage}</h3>{lineage(origin, definition, texts)}</section>
        <section class="checks"><details><summary>{sign(worst.0, worst.1)}{count}</summary><ul>{checks(origin, texts)}</ul></details></section>
        {expressions}
        <dl class="facts col">
            {fact(texts.updated, published)}
            {fact(texts.edition_name, origin.edition.to_string())}
            {person(&definition.owner, texts.owner)}
            {person(&definition.steward, texts.steward)}
            {origin.changed_at.as_ref().map(|at| fact(texts.last_change, day_time(at, panel.session, texts)))}
            {fact(texts.definition_hash, origin.hash.chars().take(8).collect())}
            {fact(texts.pack, definition.pack.clone())}
            {definition.classification.clone().map(|class| fact(texts.classification, class))}
            {used_on(origin, panel, texts)}
        </dl>
    })
}

fn fact(title: &'static str, value: String) -> impl RenderHtml {
    view! { <div><dt>{title}</dt><dd>{value}</dd></div> }
}

fn used_on(origin: &Origin, panel: &Panel<'_>, texts: &'static Texts) -> Option<impl RenderHtml + use<>> {
    let links: Vec<_> = origin
        .used_on
        .iter()
        .filter_map(|id| panel.session.boards.iter().find(|board| board.id == *id))
        .map(|board| view! { <a href=routes::board(&board.id)>{texts.label(&board.title).to_owned()}</a> })
        .collect();
    (!links.is_empty()).then(|| view! { <div><dt>{texts.used_on}</dt><dd>{links}</dd></div> })
}

/// Checks that passed, and checks that ran.
fn tally(origin: &Origin) -> (usize, usize) {
    let run = origin.checks.iter().filter(|check| check.status != CheckStatus::Skipped);
    let passed = run.clone().filter(|check| matches!(check.status, CheckStatus::Pass | CheckStatus::Warn)).count();
    (passed, run.count())
}

fn checks(origin: &Origin, texts: &'static Texts) -> Vec<impl RenderHtml + use<>> {
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
            let place = check.column.as_ref().map_or_else(|| check.table.clone(), |column| format!("{}.{column}", check.table));
            let failures = (check.failures > 0).then(|| format!(" · {} {}", check.failures, texts.failures));
            view! { <li>{sign(symbol, class)}<span>{check.name.clone()}<small>{place} " · " {word}{failures}</small></span></li> }
        })
        .collect()
}

/// Tables layer by layer, the metric last.
fn lineage(origin: &Origin, definition: &MetricDefinition, texts: &'static Texts) -> impl RenderHtml + use<> {
    let layers: Vec<_> = [Layer::Raw, Layer::Staging, Layer::Marts]
        .into_iter()
        .filter_map(|layer| {
            let nodes: Vec<_> = origin.tables.iter().filter(|table| table.layer == layer).map(|table| node(table, origin, texts)).collect();
            let class = if nodes.len() > 1 { "pair" } else { "single" };
            (!nodes.is_empty()).then(|| view! { <li class=class>{nodes}</li> })
        })
        .collect();
    let label = texts.label(&definition.label).to_owned();
    let hash: String = origin.hash.chars().take(8).collect();
    view! {
        <ol class="path">
            {layers}
            <li class="node kpi-node sel"><span>{sign("s-ok", "st st-ok")}<b>{label}</b></span><small>{texts.definition_hash} " " {hash}</small></li>
        </ol>
    }
}

fn node(table: &OriginTable, origin: &Origin, texts: &'static Texts) -> impl RenderHtml + use<> {
    let failed = origin.checks.iter().any(|check| check.table == table.name && matches!(check.status, CheckStatus::Fail | CheckStatus::Error));
    let (symbol, class) = if failed { ("s-bad", "st st-bad") } else { ("s-ok", "st st-ok") };
    let layer = match table.layer {
        Layer::Raw => texts.layer_raw,
        Layer::Staging => texts.layer_staging,
        Layer::Marts => texts.layer_marts,
    };
    let checks = locale::plural::counted(table.checks.into(), texts.check_one, texts.check_many, texts.lang);
    let name = table.name.split_once('.').map_or(table.name.as_str(), |(_, name)| name).to_owned();
    view! { <div class="node" title=table.description.clone()><span>{sign(symbol, class)}<b>{name}</b></span><small>{layer} " · " {checks}</small></div> }
}

/// An RFC 3339 instant in the workspace's time zone; the text itself when it is none.
fn day_time(instant: &str, session: &Session, texts: &Texts) -> String {
    instants::local_time(instant, &session.status.time_zone).map_or_else(|| instant.to_owned(), |at| locale::date::day_time(at, texts.lang))
}
