//! The leaderboard of a metric: members of a dimension, sortable, each a step down or a filter.
//!
//! Invariant: sorting is a link, so that the order is in the URL and works without scripts.

use super::Env;
use super::icons::icon;
use super::still::{Html, all, el};
use crate::page_state::PageState;
use crate::view_models::metric::{Leader, LeaderColumn, Leaderboard};
use chart::Delta;
use leptos::prelude::*;

/// The tabs that choose the dimension.
pub fn tabs(board: &Leaderboard, state: &PageState, path: &str, env: Env) -> AnyView {
    let tabs: Vec<_> = board
        .tabs
        .iter()
        .map(|(dimension, name, shown)| {
            let href = state.with_by(dimension).href(path);
            view! { <a href=href data-noscroll aria-current=shown.then_some("true")>{name.clone()}</a> }
        })
        .collect();
    view! { <nav class="seg scroll" aria-label=env.texts.dimension>{tabs}</nav> }.into_any()
}

pub fn leaderboard(
    board: &Leaderboard,
    caption: String,
    name: String,
    state: &PageState,
    path: &str,
    env: Env,
) -> AnyView {
    let headers: Vec<AnyView> =
        board.columns.iter().enumerate().map(|(index, column)| header(index, column, state, path)).collect();
    let compared = board.columns.len() > 1;
    let rows = all(board.rows.iter().map(|row| leader(row, compared)).collect::<Vec<Html>>()).0;
    let total = &board.total;
    let total = all((
        el("th", &[("scope", "row")], total.name.as_str()),
        el("td", &[("class", "xs-hide")], ()),
        el("td", &[("class", "r")], total.value.as_str()),
        deltas(total, compared),
    ))
    .0;
    let cut = board.truncated.then(
        || view! { <p class="note mute">{format!("{} {}", board.rows.len(), env.texts.first_rows)}</p> },
    );
    view! {
        <table class="table bars sortable">
            <caption class="vh">{caption}</caption>
            <thead><tr><th scope="col">{name}</th><td class="xs-hide"></td>{headers}</tr></thead>
            <tbody inner_html=rows></tbody>
            <tfoot><tr inner_html=total></tr></tfoot>
        </table>
        {cut}
    }
    .into_any()
}

fn header(index: usize, column: &LeaderColumn, state: &PageState, path: &str) -> AnyView {
    let href = state.with_sort(Some(column.next)).href(path);
    let class = if index == 2 { "r xs-hide" } else { "r" };
    let arrow = column.order.map(|order| icon(if order == "descending" { "down" } else { "up" }));
    view! { <th scope="col" class=class aria-sort=column.order><a href=href data-noscroll>{column.name.clone()}{arrow}</a></th> }.into_any()
}

fn leader(row: &Leader, compared: bool) -> Html {
    let bar = row.filled.map(|filled| match row.reference.filter(|_| compared) {
        Some(reference) => {
            el("span", &[("class", "bar ref"), ("style", &format!("--v:{filled}%;--e:{reference}%"))], ())
        }
        None => el("span", &[("class", "bar"), ("style", &format!("--v:{filled}%"))], ()),
    });
    let name = el("a", &[("href", &row.href), ("data-noscroll", "true")], row.name.as_str());
    let cells = (
        el("th", &[("scope", "row")], name),
        el("td", &[("class", "barcell xs-hide")], bar),
        el("td", &[("class", "r")], row.value.as_str()),
        deltas(row, compared),
    );
    el("tr", &[], cells)
}

fn deltas(row: &Leader, compared: bool) -> Option<Html> {
    let html =
        |delta: &Option<Delta>| Html(delta.as_ref().map_or_else(|| locale::NONE.to_owned(), Delta::html));
    compared.then(|| {
        all((
            el("td", &[("class", "r")], html(&row.difference)),
            el("td", &[("class", "r xs-hide")], html(&row.percent)),
        ))
    })
}
