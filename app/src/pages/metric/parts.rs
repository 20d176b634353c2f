//! The parts of a metric's page.
//!
//! Invariant: each part has its own answer and its own failure.

use super::Reading;
use crate::components::card::{data_mark, origin_link, shown};
use crate::components::icons::status_sign;
use crate::components::origin_panel::LiveFormula;
use crate::components::still::{Html, Piece, all, el};
use crate::components::tile::{Tile, as_table, still_body, tile};
use crate::components::{chart_host, leaderboard, states};
use crate::questions::metric::{
    Place, default_grain, grains, leader_dimension, leader_dimensions, series_grain,
};
use crate::view_models::changes::{Cause, Explained, most_telling};
use crate::view_models::figures::Reading as Figure;
use crate::view_models::metric::{Crumb, Leaders, crumbs, delta_words, leaderboard as rank, waterfall};
use crate::view_models::{Missing, card, charts, periods, verdict};
use kpi::definition::Additivity;
use kpi::target::Status;
use kpi::{Cell, Format, Grain};
use leptos::prelude::*;
use locale::{Sign, show};

/// The drill path with its values; none when the metric has no path.
pub(super) fn levels(reading: &Reading<'_>) -> Option<Vec<Crumb>> {
    let state = reading.asking.state;
    if reading.definition.hierarchies.is_empty() && state.drill.is_empty() {
        return None;
    }
    let value = |place: &Place| match reading.frame(place) {
        Some(Ok(frame)) => Figure::single(frame, &reading.definition.name).value,
        _ => Cell::Null,
    };
    let mut values: Vec<Cell> = (0..state.drill.len()).map(|depth| value(&Place::Level(depth))).collect();
    values.push(value(&Place::Value));
    Some(crumbs(reading.definition, state, reading.path, &values, reading.env.texts))
}

pub(super) fn hero(reading: &Reading<'_>) -> AnyView {
    let (definition, texts) = (reading.definition, reading.env.texts);
    let left_out = reading.session.left_out(reading.asking, &[&definition.name], texts);
    let card = card::card(definition, reading.frame(&Place::Value), left_out, reading.judging);
    let mark = data_mark(&card.mark, texts);
    let figures = match card.figures {
        Ok(figures) => figures,
        Err(missing) => {
            let state = reading.asking.state;
            let filtered = (!state.filters.is_empty()).then(|| state.without_filters().href(reading.path));
            let body = states::missing_tile(&missing, filtered, state.href(reading.path), texts);
            let none = el("div", &[], el("p", &[("class", "big")], locale::NONE));
            return view! { <section class="hero" inner_html=all((none, body)).0></section> }.into_any();
        }
    };
    let value = figures.value;
    let delta = figures.delta.map(|delta| Html(delta.html()));
    let compared = delta.is_some();
    let context = if compared { format!("{} {}", texts.versus, figures.context) } else { figures.context };
    let context = match figures.left_out {
        Some(note) => format!("{context} · {note}"),
        None => context,
    };
    let mut facts: Vec<Html> = parts_of(reading).into_iter().map(|(name, text)| fact(&name, text)).collect();
    if let Some(verdict) = figures.verdict {
        let short = shortfall(reading, &verdict);
        let target = verdict.target.clone();
        let name = if definition.direction == kpi::Direction::Down { texts.ceiling } else { texts.target };
        let amount = target.strip_prefix(name).unwrap_or(&target).trim().to_owned();
        let short = short.map(|short| all((" ", el("span", &[("class", "mute")], short))));
        facts.push(fact(name, (amount, short)));
        let class = match verdict.status {
            Status::Off => "bad-t",
            Status::Attention => "warn-t",
            _ => "",
        };
        facts.push(fact(
            texts.status,
            el("span", &[("class", class)], (status_sign(verdict.status), verdict.word)),
        ));
    }
    let big = el("p", &[("class", "big")], (shown(value), mark));
    let change = el("p", &[], (delta, " ", el("span", &[("class", "mute")], context)));
    let html = all((el("div", &[], (big, change)), el("dl", &[("class", "facts")], facts)));
    view! { <section class="hero" inner_html=html.0></section> }.into_any()
}

fn fact(name: &str, value: impl Piece) -> Html {
    el("div", &[], (el("dt", &[], name), el("dd", &[], value)))
}

/// `faltam 1,8 p.p.`, when the value is short of what was due.
fn shortfall(reading: &Reading<'_>, verdict: &verdict::Verdict) -> Option<String> {
    let (definition, texts) = (reading.definition, reading.env.texts);
    let Some(Ok(frame)) = reading.frame(&Place::Value) else { return None };
    let value = Figure::single(frame, &definition.name).value.number()?;
    if verdict.status == Status::OnTrack || definition.direction != kpi::Direction::Up {
        return None;
    }
    let missing = Cell::Float(verdict.pace.target - value);
    Some(format!(
        "{} {}",
        texts.missing_to_target,
        show::card_difference(&missing, definition.format, Sign::Never, texts.lang)
    ))
}

/// Numerator and denominator with their values.
fn parts_of(reading: &Reading<'_>) -> Vec<(String, String)> {
    let texts = reading.env.texts;
    let Some(Ok(frame)) = reading.frame(&Place::Parts) else { return Vec::new() };
    [&reading.definition.numerator, &reading.definition.denominator]
        .into_iter()
        .flatten()
        .filter_map(|name| reading.session.catalogue.metric(name))
        .map(|part| {
            let value = Figure::single(frame, &part.name).value;
            (texts.label(&part.label).to_owned(), show::full(&value, part.format, texts.lang))
        })
        .collect()
}

pub(super) fn live_formula(reading: &Reading<'_>) -> Option<LiveFormula> {
    let parts = parts_of(reading);
    let [above, below] = <[(String, String); 2]>::try_from(parts).ok()?;
    let Some(Ok(frame)) = reading.frame(&Place::Value) else { return None };
    let value = Figure::single(frame, &reading.definition.name).value;
    // One digit more than on the card, so that the division can be checked.
    let result = match (reading.definition.format, value.number()) {
        (Format::Percent, Some(share)) => locale::Number::float(share).map(|share| {
            locale::decimal::percent(
                &share,
                locale::Decimals::exactly(2),
                Sign::Negative,
                reading.env.texts.lang,
            )
        })?,
        _ => show::full(&value, reading.definition.format, reading.env.texts.lang),
    };
    Some(LiveFormula { above, below, result })
}

/// `UF: SP, PR`, drill path included.
pub(super) fn filters_in_words(reading: &Reading<'_>) -> Vec<String> {
    let texts = reading.env.texts;
    let (filters, _) = reading.asking.filters(&[&reading.definition.name]);
    filters
        .iter()
        .map(|filter| {
            let except =
                if filter.op == kpi::FilterOp::NotIn { format!("{} ", texts.except) } else { String::new() };
            let values: Vec<&str> = filter.values.iter().map(|value| texts.member(value)).collect();
            format!("{}: {except}{}", reading.dimension_name(&filter.dimension), values.join(", "))
        })
        .collect()
}

pub(super) fn series(reading: &Reading<'_>) -> AnyView {
    let (definition, texts, state) = (reading.definition, reading.env.texts, reading.asking.state);
    let grain = series_grain(definition, reading.asking);
    let links: Vec<_> = grains(definition)
        .map(|choice| {
            let href = state.with_grain(choice, default_grain(definition)).href(reading.path);
            let name = charts::grain_name(choice, texts);
            view! { <a href=href data-noscroll aria-current=(choice == grain).then_some("true")>{name}</a> }
        })
        .collect();
    let seg = view! { <nav class="seg" aria-label=texts.grain>{links}</nav> }.into_any();
    let label = texts.label(&definition.label);
    let (body, table) = match reading.frame(&Place::Series) {
        Some(Ok(frame)) => {
            let drawing = charts::line(label, definition, frame, grain, &reading.session.catalogue, texts);
            if drawing.empty {
                (missing(&Missing::Empty(texts.no_value_in_period.to_owned()), reading), None)
            } else {
                let table = as_table(&drawing);
                (chart_host::chart(drawing, reading.env), table)
            }
        }
        other => (failed(other.and_then(Result::err), reading), None),
    };
    let subtitle = subtitle(reading, grain);
    let mark = card::mark(&definition.name, &reading.session.status.marks, texts);
    let origin = Some(origin_link(&definition.name, &mark, reading.env));
    tile(
        Tile {
            id: "evolucao".to_owned(),
            title: texts.evolution.to_owned(),
            subtitle,
            span: 12,
            actions: Some(seg),
            body,
            origin,
            table,
        },
        reading.env,
    )
}

/// Unit, scope and grain in one line.
fn subtitle(reading: &Reading<'_>, grain: Grain) -> String {
    let texts = reading.env.texts;
    let mut parts = vec![texts.label(&reading.definition.label).to_owned()];
    parts.extend(reading.asking.state.drill.last().map(|(_, member)| texts.member(member).to_owned()));
    parts.push(charts::grain_name(grain, texts).to_lowercase());
    parts.join(" · ")
}

fn missing(missing: &Missing, reading: &Reading<'_>) -> AnyView {
    let state = reading.asking.state;
    let filtered = (!state.filters.is_empty()).then(|| state.without_filters().href(reading.path));
    still_body("state", states::missing_tile(missing, filtered, state.href(reading.path), reading.env.texts))
}

fn failed(failure: Option<&contract::Failure>, reading: &Reading<'_>) -> AnyView {
    let texts = reading.env.texts;
    let why = failure.map_or_else(
        || Missing::Empty(texts.no_value_in_period.to_owned()),
        |failure| Missing::from_failure(failure, texts),
    );
    missing(&why, reading)
}

pub(super) fn drivers(reading: &Reading<'_>) -> Option<AnyView> {
    let (definition, texts) = (reading.definition, reading.env.texts);
    if reading.asking.state.comparison().with == kpi::Compare::None {
        return None;
    }
    let exact = definition.denominator.is_some() || definition.additivity != Additivity::None;
    if !exact {
        let body = still_body("note", all(texts.no_exact_parts));
        let title = texts.what_explains.to_owned();
        return Some(tile(
            Tile {
                id: "causas".to_owned(),
                title,
                subtitle: String::new(),
                span: 12,
                actions: None,
                body,
                origin: None,
                table: None,
            },
            reading.env,
        ));
    }
    let drivers = || reading.questions.places().iter().filter(|place| matches!(place, Place::Drivers { .. }));
    let explained: Vec<&Explained> = drivers()
        .filter_map(|place| match reading.cause(place)?.ok()? {
            Cause::Parts(explained) => Some(explained),
            Cause::Move(_) => None,
        })
        .collect();
    // The dimension of the leaderboard when one was chosen, else the most telling.
    let chosen = reading
        .asking
        .state
        .by
        .as_ref()
        .and_then(|by| explained.iter().find(|explained| explained.dimension == *by).copied());
    let explained =
        chosen.or_else(|| most_telling(explained.iter().copied())).or_else(|| explained.first().copied())?;
    let stock = definition.additivity == Additivity::Stock;
    let ends =
        (end_name(explained.compared_with, stock, reading), end_name(explained.period, stock, reading));
    let delta = delta_words(definition, explained.delta, texts);
    let drawing = waterfall(definition, explained, ends, texts);
    let dimension = reading.dimension_name(&explained.dimension);
    let table = as_table(&drawing);
    let title = format!("{} {delta}", texts.what_explains);
    let subtitle = format!(
        "{} {} · {}",
        texts.by_dimension,
        locale::plural::within_sentence(&dimension),
        exactness(reading, explained)
    );
    let body = if drawing.empty {
        missing(&Missing::Empty(texts.nothing_changed.to_owned()), reading)
    } else {
        chart_host::chart(drawing, reading.env)
    };
    Some(tile(
        Tile { id: "causas".to_owned(), title, subtitle, span: 12, actions: None, body, origin: None, table },
        reading.env,
    ))
}

fn end_name(period: kpi::Period, stock: bool, reading: &Reading<'_>) -> String {
    let texts = reading.env.texts;
    if stock { locale::date::day(period.to(), texts.lang) } else { periods::in_words(period, texts) }
}

/// `Soma exata: mix −0,5 p.p. e taxa −1,0 p.p.`
fn exactness(reading: &Reading<'_>, explained: &Explained) -> String {
    let (definition, texts) = (reading.definition, reading.env.texts);
    if definition.denominator.is_none() {
        return texts.exact_sum.to_owned();
    }
    let shown = |value| delta_words(definition, value, texts);
    format!(
        "{}: {} {}, {} {}",
        texts.exact_sum,
        texts.mix_effect,
        shown(explained.mix),
        texts.rate_effect,
        shown(explained.rate)
    )
}

pub(super) fn leaders(reading: &Reading<'_>) -> Option<AnyView> {
    let (definition, texts, state) = (reading.definition, reading.env.texts, reading.asking.state);
    let dimension = leader_dimension(definition, state)?;
    let name = reading.dimension_name(&dimension);
    let title = format!("{} {}", texts.by_dimension, locale::plural::within_sentence(&name));
    let total = match reading.frame(&Place::Value) {
        Some(Ok(frame)) => Figure::single(frame, &definition.name),
        _ => Figure { value: Cell::Null, comparison: Cell::Null, delta: Cell::Null },
    };
    let total_name = state
        .drill
        .last()
        .map_or_else(|| texts.whole.to_owned(), |(_, member)| texts.member(member).to_owned());
    let (body, tabs) = match reading.frame(&Place::Leaders { dimension: dimension.clone() }) {
        Some(Ok(frame)) => {
            let dimensions = leader_dimensions(definition, state)
                .into_iter()
                .map(|dimension| (dimension.clone(), reading.dimension_name(&dimension)))
                .collect();
            let leaders = Leaders {
                definition,
                frame,
                total: &total,
                total_name,
                state,
                path: reading.path,
                dimensions,
            };
            let board = rank(&leaders, texts)?;
            let tabs = leaderboard::tabs(&board, state, reading.path, reading.env);
            (
                leaderboard::leaderboard(&board, title.clone(), name, state, reading.path, reading.env),
                Some(tabs),
            )
        }
        other => (failed(other.and_then(Result::err), reading), None),
    };
    let subtitle = if state.comparison().with == kpi::Compare::None {
        String::new()
    } else {
        texts.tick_is_comparison.to_owned()
    };
    Some(tile(
        Tile {
            id: "ranking".to_owned(),
            title,
            subtitle,
            span: 12,
            actions: tabs,
            body,
            origin: None,
            table: None,
        },
        reading.env,
    ))
}
