//! The sheet of KPI cards with its scoreboard.
//!
//! Invariant: a card is one link to its KPI; cards share five rows, so that values, trends and pace bars line up.

use super::Env;
use super::icons::{named_sign, sign, status_sign};
use super::still::{Html, all, el};
use crate::routes;
use crate::texts::Texts;
use crate::view_models::Missing;
use crate::view_models::card::{Card, DataMark, Figures};
use crate::view_models::scoreboard::Scoreboard;
use crate::view_models::verdict::{self, EXPECTED_AT, Verdict};
use chart::Drawing;
use leptos::prelude::*;
use locale::Shown;

/// Cards with their trends, and the scoreboard when there is one.
pub fn sheet(cards: Vec<(Card, Option<Drawing>)>, scoreboard: Option<Scoreboard>, env: Env) -> AnyView {
    let cards: Vec<Html> = cards.into_iter().map(|(card, trend)| kpi(card, trend, env)).collect();
    let html = all((cards, scoreboard.map(|board| score(board, env.texts))));
    view! { <section class="kpis" aria-label=env.texts.main_metrics inner_html=html.0></section> }.into_any()
}

fn kpi(card: Card, trend: Option<Drawing>, env: Env) -> Html {
    let texts = env.texts;
    let href = routes::metric_with(&card.metric, &env.state.get_untracked());
    let header = el("header", &[], (el("h2", &[], card.name), data_mark(&card.mark, texts)));
    match card.figures {
        Ok(figures) => {
            let Figures { value, delta, context, extra, left_out, verdict } = figures;
            let extra = (!extra.is_empty()).then(|| el("span", &[("class", "x")], (" · ", extra)));
            let delta = Html(delta.map(|delta| delta.html()).unwrap_or_default());
            let trend = Html(trend.filter(|trend| !trend.empty).map(|trend| trend.html).unwrap_or_default());
            let rows = (
                header,
                el("p", &[("class", "val")], (shown(value), " ", delta)),
                el("p", &[("class", "ctx")], (context, extra, left_out.map(|note| all((" · ", note))))),
                el("div", &[("class", "trend")], trend),
                pace(verdict, texts),
            );
            el("a", &[("class", "kpi"), ("href", &href)], rows)
        }
        Err(missing) => {
            let (reason, retry) = match missing {
                Missing::Empty(reason) => (reason, false),
                Missing::Failed { reason, retry } => (reason, retry),
                Missing::Forbidden => (texts.forbidden.to_owned(), false),
            };
            let action = el("a", &[("href", &href)], if retry { texts.try_again } else { texts.origin });
            let rows = (
                header,
                el("p", &[("class", "val")], locale::NONE),
                el("p", &[("class", "ctx")], reason),
                el("span", &[], ()),
                el("p", &[("class", "pace")], el("span", &[], action)),
            );
            el("div", &[("class", "kpi off")], rows)
        }
    }
}

/// The value with its unit in smaller type.
pub fn shown(value: Shown) -> Html {
    let small = |text: String| (!text.is_empty()).then(|| el("small", &[], text));
    all((small(value.before), value.number, small(value.after)))
}

fn pace(verdict: Option<Verdict>, texts: &'static Texts) -> Html {
    let Some(verdict) = verdict else {
        return el("p", &[("class", "pace none")], el("span", &[], texts.no_target));
    };
    let style = format!("--v:{}%;--e:{EXPECTED_AT}%", verdict.filled);
    let bar = el("span", &[("class", "bar"), ("style", &style)], ());
    let word = el("b", &[], (status_sign(verdict.status), verdict.word));
    el("p", &[("class", verdict::class(verdict.status))], (bar, el("span", &[], verdict.target), word))
}

/// The mark of a card's data.
pub fn data_mark(mark: &DataMark, texts: &'static Texts) -> Html {
    let (class, symbol, sign, sentence, text) = match mark {
        DataMark::Fine => ("mark-data ok", "s-ok", "st st-ok", texts.fresh_and_checked, ""),
        DataMark::Late { age, sentence } => {
            ("mark-data warn", "s-warn", "st st-warn", sentence.as_str(), age.as_str())
        }
        DataMark::HeldBack { count, sentence } => {
            ("mark-data bad", "s-bad", "st st-bad", sentence.as_str(), count.as_str())
        }
    };
    el("span", &[("class", class)], (named_sign(symbol, sign, sentence), text))
}

fn score(board: Scoreboard, texts: &'static Texts) -> Html {
    let signs: Vec<Html> = board
        .signs
        .iter()
        .map(|(status, name)| {
            let (symbol, class) = verdict::sign(*status);
            el("li", &[], named_sign(symbol, class, name))
        })
        .collect();
    let strip: Vec<Html> = board.strip.iter().map(|class| el("i", &[("class", class)], ())).collect();
    let of = format!("{} {} {}", texts.lang.pick("de", "of"), board.of, texts.on_target_of);
    let mut exceptions = board.exceptions.into_iter();
    let first = exceptions.next();
    let rest: Vec<Html> = exceptions.map(|text| el("span", &[("class", "x")], (" · ", text))).collect();
    let strip = el("span", &[("class", "cal"), ("role", "img"), ("aria-label", &board.spoken)], strip);
    let rows = (
        el("header", &[], el("h2", &[], board.title)),
        el("p", &[("class", "val")], (board.on_track.to_string(), el("small", &[], of))),
        el("p", &[("class", "ctx")], (first, rest)),
        el("ul", &[("class", "dots")], signs),
        el("p", &[("class", "pace")], (strip, el("span", &[], board.elapsed), el("b", &[], board.share))),
    );
    el("div", &[("class", "kpi score")], rows)
}

/// The small line under a tile that leads to where its figures came from.
pub fn origin_link(metric: &str, mark: &DataMark, env: Env) -> Html {
    let texts = env.texts;
    let href = format!("{}#origem", routes::metric_with(metric, &env.state.get_untracked()));
    let (symbol, class, age) = match mark {
        DataMark::Fine => ("s-ok", "st st-ok", String::new()),
        DataMark::Late { age, .. } => ("s-warn", "st st-warn", format!(" · {age}")),
        DataMark::HeldBack { count, .. } => ("s-bad", "st st-bad", format!(" · {count}")),
    };
    el("a", &[("class", "origin"), ("href", &href)], (sign(symbol, class), texts.where_from, age))
}
