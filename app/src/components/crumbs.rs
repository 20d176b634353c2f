//! The drill path: each level a link with its own value.
//!
//! Invariant: the path is itself a comparison, from the whole to where the page is.

use super::Env;
use super::still::{Html, el};
use crate::view_models::metric::Crumb;
use leptos::prelude::*;

pub fn crumbs(levels: Vec<Crumb>, env: Env) -> AnyView {
    let item = |level: Crumb| {
        let current = if level.current { "page" } else { "" };
        let content = (el("span", &[], level.name), el("b", &[], level.value));
        el(
            "li",
            &[],
            el("a", &[("href", &level.href), ("data-noscroll", "true"), ("aria-current", current)], content),
        )
    };
    let items: Vec<Html> = levels.into_iter().map(item).collect();
    view! { <nav class="crumbs" aria-label=env.texts.drill_level inner_html=el("ol", &[], items).0></nav> }
        .into_any()
}
