//! The sheet of KPI cards with its scoreboard.
//!
//! Invariant: a card is one link to its KPI; cards share five rows, so that values, trends and pace bars line up.

use super::icons::{named_sign, sign, status_sign};
use super::{Env, still};
use crate::routes;
use crate::texts::Texts;
use crate::view_models::Missing;
use crate::view_models::card::{Card, DataMark, Figures};
use crate::view_models::scoreboard::Scoreboard;
use crate::view_models::verdict::{self, EXPECTED_AT, Verdict};
use chart::Drawing;
use leptos::prelude::*;

/// Cards with their trends, and the scoreboard when there is one.
pub fn sheet(cards: Vec<(Card, Option<Drawing>)>, scoreboard: Option<Scoreboard>, env: Env) -> AnyView {
    let mut html: String = cards.into_iter().map(|(card, trend)| kpi(card, trend, env)).collect();
    html.extend(scoreboard.map(|board| score(board, env.texts)));
    view! { <section class="kpis" aria-label=env.texts.main_metrics inner_html=html></section> }.into_any()
}

fn kpi(card: Card, trend: Option<Drawing>, env: Env) -> String {
    let texts = env.texts;
    let href = routes::metric_with(&card.metric, &env.state.get_untracked());
    let (name, data) = (card.name, data_mark(&card.mark, texts));
    match card.figures {
        Ok(figures) => {
            let Figures { value, delta, context, extra, verdict } = figures;
            let extra = (!extra.is_empty()).then(|| view! { <span class="x">" · " {extra}</span> });
            let delta = delta.map(|delta| delta.html()).unwrap_or_default();
            let trend = trend.filter(|trend| !trend.empty).map(|trend| trend.html).unwrap_or_default();
            let (class, pace) = pace(verdict, texts);
            still::html(view! {
                <a class="kpi" href=href>
                    <header><h3>{name}</h3><span class="data" inner_html=data></span></header>
                    <p class="val">
                        {(!value.before.is_empty()).then_some(view! { <small>{value.before}</small> })}
                        {value.number}
                        {(!value.after.is_empty()).then_some(view! { <small>{value.after}</small> })}
                        " " <span class="change" inner_html=delta></span>
                    </p>
                    <p class="ctx">{context}{extra}</p>
                    <div class="trend" inner_html=trend></div>
                    <p class=class inner_html=pace></p>
                </a>
            })
        }
        Err(missing) => {
            let (reason, retry) = match missing {
                Missing::Empty(reason) => (reason, false),
                Missing::Failed { reason, retry } => (reason, retry),
                Missing::Forbidden => (texts.forbidden.to_owned(), false),
            };
            let action = if retry { texts.try_again } else { texts.origin };
            still::html(view! {
                <div class="kpi off">
                    <header><h3>{name}</h3><span class="data" inner_html=data></span></header>
                    <p class="val">{locale::NONE}</p>
                    <p class="ctx">{reason}</p>
                    <span></span>
                    <p class="pace"><span><a href=href>{action}</a></span></p>
                </div>
            })
        }
    }
}

/// Class and content of the pace bar.
fn pace(verdict: Option<Verdict>, texts: &'static Texts) -> (&'static str, String) {
    match verdict {
        Some(verdict) => {
            let style = format!("--v:{}%;--e:{EXPECTED_AT}%", verdict.filled);
            let html = still::html(view! {
                <span class="bar" style=style></span>
                <span>{verdict.target}</span>
                <b>{status_sign(verdict.status)}{verdict.word}</b>
            });
            (verdict::class(verdict.status), html)
        }
        None => ("pace none", still::html(view! { <span>{texts.no_target}</span> })),
    }
}

/// The mark of a card's data.
pub fn data_mark(mark: &DataMark, texts: &'static Texts) -> String {
    let (class, symbol, sign, sentence, text) = match mark {
        DataMark::Fine => ("mark-data ok", "s-ok", "st st-ok", texts.fresh_and_checked.to_owned(), String::new()),
        DataMark::Late { age, sentence } => ("mark-data warn", "s-warn", "st st-warn", sentence.clone(), age.clone()),
        DataMark::HeldBack { count, sentence } => ("mark-data bad", "s-bad", "st st-bad", sentence.clone(), count.clone()),
    };
    still::html(view! { <span class=class>{named_sign(symbol, sign, sentence)}{text}</span> })
}

fn score(board: Scoreboard, texts: &'static Texts) -> String {
    let signs: Vec<_> = board
        .signs
        .into_iter()
        .map(|(status, name)| {
            let (symbol, class) = verdict::sign(status);
            view! { <li>{named_sign(symbol, class, name)}</li> }
        })
        .collect();
    let strip: Vec<_> = board.strip.into_iter().map(|class| view! { <i class=class></i> }).collect();
    let of = format!("{} {} {}", texts.lang.pick("de", "of"), board.of, texts.on_target_of);
    let mut exceptions = board.exceptions.into_iter();
    let first = exceptions.next();
    let rest: Vec<_> = exceptions.map(|text| view! { <span class="x">" · " {text}</span> }).collect();
    still::html(view! {
        <div class="kpi score">
            <header><h3>{board.title}</h3></header>
            <p class="val">{board.on_track.to_string()}<small>{of}</small></p>
            <p class="ctx">{first}{rest}</p>
            <ul class="dots">{signs}</ul>
            <p class="pace">
                <span class="cal" role="img" aria-label=board.spoken>{strip}</span>
                <span>{board.elapsed}</span>
                <b>{board.share}</b>
            </p>
        </div>
    })
}

/// The small line under a tile that leads to where its figures came from.
pub fn origin_link(metric: &str, mark: &DataMark, env: Env) -> String {
    let texts = env.texts;
    let href = format!("{}#origem", routes::metric_with(metric, &env.state.get_untracked()));
    let (symbol, class, age) = match mark {
        DataMark::Fine => ("s-ok", "st st-ok", String::new()),
        DataMark::Late { age, .. } => ("s-warn", "st st-warn", format!(" · {age}")),
        DataMark::HeldBack { count, .. } => ("s-bad", "st st-bad", format!(" · {count}")),
    };
    still::html(view! { <a class="origin" href=href>{sign(symbol, class)}{texts.where_from}{age}</a> })
}
