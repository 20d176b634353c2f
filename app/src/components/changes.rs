//! The list of "O que mudou".
//!
//! Invariant: four at once, ranked by size; the rest is one step away.

use super::Env;
use super::still::{Html, all, el};
use crate::routes;
use crate::view_models::changes::Change;
use chart::Tone;
use leptos::prelude::*;

/// Sentences that stand open.
const SHOWN: usize = 4;

pub fn changes(list: Vec<Change>, env: Env) -> Html {
    let mut items: Vec<Html> = list.into_iter().map(|change| item(change, env)).collect();
    let rest: Vec<Html> = if items.len() > SHOWN { items.split_off(SHOWN) } else { Vec::new() };
    let more = (!rest.is_empty()).then(|| {
        let count = locale::plural::counted(rest.len() as u64, "mudança", "mudanças", env.texts.lang);
        let summary = env.texts.lang.pick(format!("Mais {count}"), format!("{} more", rest.len()));
        let summary = el("summary", &[("class", "more-link")], summary);
        el("details", &[("class", "more")], (summary, el("ol", &[("class", "ranked")], rest)))
    });
    all((el("ol", &[("class", "ranked")], items), more))
}

fn item(change: Change, env: Env) -> Html {
    let href = routes::metric_with(&change.metric, &env.state.get_untracked());
    let class = match change.tone {
        Tone::Good => "contrib good",
        Tone::Bad => "contrib bad",
        Tone::Neutral => "contrib",
    };
    let share = change.share.map(|share| {
        let bar = el("span", &[("style", &format!("--v:{}%", share.filled))], ());
        el("p", &[("class", class)], (bar, share.text))
    });
    let parts = (!change.parts.is_empty()).then(|| el("p", &[("class", "meta")], change.parts));
    let kind = el("p", &[("class", "kind")], (el("b", &[], change.kind), " ", change.name));
    let sentence = el("p", &[], (el("b", &[], change.member), change.sentence));
    el("li", &[], el("a", &[("href", &href)], (kind, sentence, parts, share)))
}
