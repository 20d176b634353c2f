//! The list of "O que mudou".
//!
//! Invariant: four at once, ranked by size; the rest is one step away.

use super::{Env, still};
use crate::routes;
use crate::view_models::changes::Change;
use chart::Tone;
use leptos::prelude::*;

/// Sentences that stand open.
const SHOWN: usize = 4;

pub fn changes(list: Vec<Change>, env: Env) -> String {
    let mut items: Vec<String> = list.into_iter().map(|change| item(change, env)).collect();
    let rest: Vec<String> = if items.len() > SHOWN { items.split_off(SHOWN) } else { Vec::new() };
    let more = (!rest.is_empty()).then(|| {
        let count = locale::plural::counted(rest.len() as u64, "mudança", "mudanças", env.texts.lang);
        let summary = env.texts.lang.pick(format!("Mais {count}"), format!("{} more", rest.len()));
        view! { <details class="more"><summary class="more-link">{summary}</summary><ol class="ranked" inner_html=rest.concat()></ol></details> }
    });
    still::html(view! { <ol class="ranked" inner_html=items.concat()></ol> {more} })
}

fn item(change: Change, env: Env) -> String {
    let href = routes::metric_with(&change.metric, &env.state.get_untracked());
    let class = match change.tone {
        Tone::Good => "contrib good",
        Tone::Bad => "contrib bad",
        Tone::Neutral => "contrib",
    };
    let share = change.share.map(|share| {
        let style = format!("--v:{}%", share.filled);
        view! { <p class=class><span style=style></span>{share.text}</p> }
    });
    let parts = (!change.parts.is_empty()).then_some(view! { <p class="meta">{change.parts}</p> });
    still::html(view! {
        <li>
            <a href=href>
                <p class="kind"><b>{change.kind}</b> " " {change.name}</p>
                <p><b>{change.member}</b>{change.sentence}</p>
                {parts}
                {share}
            </a>
        </li>
    })
}
