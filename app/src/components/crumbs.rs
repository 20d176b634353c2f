//! The drill path: each level a link with its own value.
//!
//! Invariant: the path is itself a comparison, from the whole to where the page is.

use super::{Env, still};
use crate::view_models::metric::Crumb;
use leptos::prelude::*;

pub fn crumbs(levels: Vec<Crumb>, env: Env) -> AnyView {
    let items: Vec<_> = levels
        .into_iter()
        .map(|level| {
            let current = level.current.then_some("page");
            view! { <li><a href=level.href data-noscroll aria-current=current><span>{level.name}</span><b>{level.value}</b></a></li> }
        })
        .collect();
    let html = still::html(view! { <ol>{items}</ol> });
    view! { <nav class="crumbs" aria-label=env.texts.drill_level inner_html=html></nav> }.into_any()
}
