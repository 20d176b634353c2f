//! A chart on the page: the drawing as it came, and around it the crosshair, the read-out and the keys.
//!
//! Draws nothing. Invariant: the server's drawing is inserted as it is and not redrawn at hydration; what the read-out says is also
//! in the table.

use super::Env;
use chart::{Drawing, Focus, PlotBox};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Where the crosshair stands.
#[derive(Clone, Copy, PartialEq)]
struct Cursor {
    index: usize,
    /// Px from the left of the host to the crosshair, and from its top to the plot.
    left: f64,
    top: f64,
    /// Past 60 % of the width the read-out stands left of the crosshair.
    flipped: bool,
}

pub fn chart(drawing: Drawing, env: Env) -> AnyView {
    let Drawing { html, focus, plot, summary, .. } = drawing;
    let Some(plot) = plot.filter(|_| !focus.is_empty()) else {
        return view! { <div class="drawing" inner_html=html on:click=move |event| follow_quietly(&event, env)></div> }.into_any();
    };
    let host = NodeRef::<leptos::html::Div>::new();
    let (cursor, set_cursor) = signal(None::<Cursor>);
    let points = StoredValue::new(focus);
    let move_to = move |index: usize| set_cursor.set(place(host, points, index));
    let pointer = move |event: leptos::ev::PointerEvent| {
        if let Some(index) = nearest(host, points, f64::from(event.client_x())) {
            move_to(index);
        }
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        let last = points.with_value(Vec::len) - 1;
        let now = cursor.get_untracked().map(|cursor| cursor.index);
        let next = match event.key().as_str() {
            "ArrowRight" => now.map_or(last, |index| (index + 1).min(last)),
            "ArrowLeft" => now.map_or(last, |index| index.saturating_sub(1)),
            "Home" => 0,
            "End" => last,
            "Escape" => return set_cursor.set(None),
            _ => return,
        };
        event.prevent_default();
        move_to(next);
    };
    let read_out = move || {
        cursor.get().and_then(|cursor| {
            let focus = points.with_value(|points| points.get(cursor.index).cloned())?;
            Some(view! { {crosshair(&focus, cursor, plot, env)} })
        })
    };
    let spoken = move || {
        let focus =
            cursor.get().and_then(|cursor| points.with_value(|points| points.get(cursor.index).cloned()));
        focus.map(|focus| sentence(&focus))
    };
    view! {
        <div class="drawing reads" node_ref=host tabindex="0" role="group" aria-label=summary on:pointermove=pointer on:pointerdown=pointer
            on:pointerleave=move |_| set_cursor.set(None) on:keydown=keys on:blur=move |_| set_cursor.set(None)>
            <div inner_html=html></div>
            {read_out}
            <p class="vh" aria-live="polite">{spoken}</p>
        </div>
    }
    .into_any()
}

fn crosshair(focus: &Focus, cursor: Cursor, plot: PlotBox, env: Env) -> impl IntoView + use<> {
    let class = if cursor.flipped { "tip show flip" } else { "tip show" };
    let at = format!("--x:{:.1}px", cursor.left);
    let rule =
        format!("{at};--y1:{:.1}px;--h:{}px", cursor.top + f64::from(plot.top), plot.bottom - plot.top);
    let partial = focus.partial.then(|| format!(" ({})", env.texts.partial));
    let rows: Vec<_> = focus
        .values
        .iter()
        .map(|value| {
            let key = format!("k {}", value.class);
            view! { <dt><i class=key></i>{value.series.clone()}</dt><dd>{value.text.clone()}</dd> }
        })
        .collect();
    view! {
        <i class="rule-x" style=rule></i>
        <div class=class style=at aria-hidden="true"><b>{focus.label.clone()}{partial}</b><dl>{rows}</dl></div>
    }
}

fn sentence(focus: &Focus) -> String {
    let values: Vec<String> =
        focus.values.iter().map(|value| format!("{} {}", value.series, value.text)).collect();
    format!("{}: {}", focus.label, values.join("; "))
}

fn boxes(host: NodeRef<leptos::html::Div>) -> Option<(web_sys::DomRect, web_sys::DomRect)> {
    let host = host.get_untracked()?;
    let plot = host.query_selector(".plot").ok()??;
    Some((host.get_bounding_client_rect(), plot.get_bounding_client_rect()))
}

fn nearest(
    host: NodeRef<leptos::html::Div>,
    points: StoredValue<Vec<Focus>>,
    client_x: f64,
) -> Option<usize> {
    let (_, plot) = boxes(host)?;
    let x = (client_x - plot.left()) / plot.width().max(1.0) * 100.0;
    points.with_value(|points| {
        points
            .iter()
            .enumerate()
            .min_by(|a, b| (a.1.x - x).abs().total_cmp(&(b.1.x - x).abs()))
            .map(|(index, _)| index)
    })
}

fn place(host: NodeRef<leptos::html::Div>, points: StoredValue<Vec<Focus>>, index: usize) -> Option<Cursor> {
    let (outer, plot) = boxes(host)?;
    let x = points.with_value(|points| points.get(index).map(|focus| focus.x))?;
    let left = plot.left() - outer.left() + plot.width() * x / 100.0;
    Some(Cursor { index, left, top: plot.top() - outer.top(), flipped: x > 60.0 })
}

/// A link of the drawing to this very page keeps the place where the reader is.
fn follow_quietly(event: &leptos::ev::MouseEvent, env: Env) {
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0 {
        return;
    }
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let link = element.and_then(|element| element.closest("a[href]").ok().flatten());
    if let Some(href) = link.and_then(|link| link.get_attribute("href")) {
        event.prevent_default();
        env.go.run(href);
    }
}
