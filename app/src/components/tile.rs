//! A tile: head, body, and a foot with the way to the origin and the same data as a table.
//!
//! Invariant: one tile may fail alone; the others do not know.

use super::Env;
use super::icons::icon;
use super::still::Html;
use chart::Drawing;
use leptos::prelude::*;

pub struct Tile {
    pub id: String,
    pub title: String,
    pub subtitle: String,
    /// Columns of twelve.
    pub span: u8,
    pub actions: Option<AnyView>,
    pub body: AnyView,
    /// The way to where the figures came from.
    pub origin: Option<Html>,
    /// Rows for "Ver como tabela".
    pub table: Option<String>,
}

/// A body in which nothing happens.
pub fn still_body(class: &'static str, html: Html) -> AnyView {
    view! { <div class=class inner_html=html.0></div> }.into_any()
}

pub fn tile(tile: Tile, env: Env) -> AnyView {
    let Tile { id, title, subtitle, span, actions, body, origin, table } = tile;
    let class = format!("tile s{}", columns(span));
    let heading = format!("{id}-titulo");
    let labelled = heading.clone();
    let foot = origin.is_some() || table.is_some();
    let table = table.map(|html| {
        view! {
            <details class="as-table">
                <summary>{icon("table")}{env.texts.as_table}</summary>
                <div class="scroll" tabindex="0" role="group" aria-label=title.clone() inner_html=html></div>
            </details>
        }
    });
    view! {
        <section class=class id=id aria-labelledby=labelled>
            <header class="tile-head">
                <div>
                    <h2 id=heading>{title.clone()}</h2>
                    {(!subtitle.is_empty()).then(|| view! { <p>{subtitle}</p> })}
                </div>
                {actions.map(|actions| view! { <div class="tile-act">{actions}</div> })}
            </header>
            {body}
            {foot.then(|| view! { <footer class="tile-foot"><span inner_html=origin.unwrap_or_default().0></span>{table}</footer> })}
        </section>
    }
    .into_any()
}

/// The table of a drawing; none when there is nothing in it.
pub fn as_table(drawing: &Drawing) -> Option<String> {
    (!drawing.empty && !drawing.table.rows.is_empty()).then(|| drawing.table.html())
}

/// The spans that the grid has.
fn columns(span: u8) -> u8 {
    match span {
        0..=3 => 3,
        4..=8 => span,
        _ => 12,
    }
}
