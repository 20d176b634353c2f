//! The leaderboard of a metric: members of a dimension, sortable, each a step down or a filter.
//!
//! Invariant: sorting is a link, so that the order is in the URL and works without scripts.

use super::icons::icon;
use super::{Env, still};
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

pub fn leaderboard(board: &Leaderboard, caption: String, name: String, state: &PageState, path: &str, env: Env) -> AnyView {
    let headers: Vec<AnyView> = board.columns.iter().enumerate().map(|(index, column)| header(index, column, state, path)).collect();
    let compared = board.columns.len() > 1;
    let rows: String = board.rows.iter().map(|row| leader(row, compared)).collect();
    let total = &board.total;
    let total = still::html(view! {
        <th scope="row">{total.name.clone()}</th><td class="xs-hide"></td><td class="r">{total.value.clone()}</td>{deltas(total, compared)}
    });
    let cut = board.truncated.then(|| view! { <p class="note mute">{format!("{} {}", board.rows.len(), env.texts.first_rows)}</p> });
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

fn leader(row: &Leader, compared: bool) -> String {
    let bar = row.filled.map(|filled| {
        let (class, style) = match row.reference.filter(|_| compared) {
            Some(reference) => ("bar ref", format!("--v:{filled}%;--e:{reference}%")),
            None => ("bar", format!("--v:{filled}%")),
        };
        view! { <span class=class style=style></span> }
    });
    still::html(view! {
        <tr>
            <th scope="row"><a href=row.href.clone() data-noscroll>{row.name.clone()}</a></th>
            <td class="barcell xs-hide">{bar}</td>
            <td class="r">{row.value.clone()}</td>
            {deltas(row, compared)}
        </tr>
    })
}

fn deltas(row: &Leader, compared: bool) -> Option<impl RenderHtml + use<>> {
    let html = |delta: &Option<Delta>| delta.as_ref().map_or_else(|| locale::NONE.to_owned(), Delta::html);
    compared.then(|| view! { <td class="r" inner_html=html(&row.difference)></td><td class="r xs-hide" inner_html=html(&row.percent)></td> })
}
