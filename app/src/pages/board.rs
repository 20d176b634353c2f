//! A board: lead sentence, KPI sheet, what changed, tiles.
//!
//! Invariant: one batch of questions per board and URL; every tile stands or falls alone.

mod tiles;

use crate::calls::metrics::{Answer, Question};
use crate::calls::{self, CallFailure, Called};
use crate::components::filter_bar::{FilterBar, filter_bar};
use crate::components::frame::{self, Framed, Place as Spot};
use crate::components::still::{Html, all, el};
use crate::components::{Env, card, document, states};
use crate::page_state::PageState;
use crate::questions::board::{Place, questions};
use crate::questions::{Asking, Questions, trend_grain};
use crate::routes;
use crate::session::{Published, Session, SessionResource};
use crate::view_models::card::{Card, Judging};
use crate::view_models::changes::Cause;
use crate::view_models::{charts, lede, scoreboard};
use chart::Drawing;
use contract::Failure;
use contract::boards::Board;
use kpi::Frame;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A board with the answers for one state of its URL.
#[derive(Clone, Serialize, Deserialize)]
struct Answered {
    opened: Arc<Opened>,
    state: PageState,
    answers: Vec<Answer>,
}

/// What does not change with the URL's state.
#[derive(Clone, Serialize, Deserialize)]
struct Opened {
    board: Board,
    /// In the order of the board's filters.
    members: Vec<Vec<String>>,
}

/// What this visit has opened, and after how many editions.
#[derive(Clone)]
struct Kept {
    times: u32,
    opened: Arc<Opened>,
}

#[component]
pub fn BoardPage() -> impl IntoView {
    let env = Env::new();
    let session = expect_context::<SessionResource>();
    let Published(published) = expect_context();
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| params.get("id")).unwrap_or_else(|| routes::HOME_BOARD.to_owned())
    });
    // Filters, drill and sort of this visit ask for figures only, not for the board again.
    let kept = StoredValue::new(None::<Kept>);
    let answered = Resource::new(
        move || (id.get(), env.state.get(), published.get()),
        move |(id, state, times)| async move {
            let opened = kept.get_value().filter(|kept| kept.times == times).map(|kept| kept.opened);
            answer(id, state, session, opened).await
        },
    );
    Effect::new(move |_| {
        let Some(Ok(answered)) = answered.get() else { return env.pending.set(false) };
        if kept.with_value(Option::is_none) {
            request_animation_frame(document::go_to_fragment);
            if let Some(Ok(session)) = session.get_untracked() {
                calls::metrics::prepare(&asked(&session, &answered.opened.board, &answered.state), &session);
            }
        }
        env.pending.set((&answered.opened.board.id, &answered.state) != (&id.get(), &env.state.get()));
        kept.set_value(Some(Kept { times: published.get_untracked(), opened: answered.opened }));
    });
    view! {
        <Transition fallback=move || states::loading_page(env.texts)>
            {move || Suspend::new(async move {
                let here = env.state.get_untracked().href(&routes::board(&id.get_untracked()));
                match (session.await, answered.await) {
                    (Ok(session), Ok(answered)) => page(&session, &answered, env),
                    (Err(CallFailure(failure)), _) | (_, Err(CallFailure(failure))) => states::failed_page(&failure, here, env.texts),
                }
            })}
        </Transition>
    }
}

async fn answer(
    id: String,
    state: PageState,
    session: SessionResource,
    kept: Option<Arc<Opened>>,
) -> Called<Answered> {
    let session = session.await?;
    let opened = if let Some(opened) = kept.filter(|opened| opened.board.id == id) {
        opened
    } else {
        let board = calls::boards::open(id).await?;
        let members = calls::metrics::members(board.filters.clone()).await?;
        Arc::new(Opened { board, members })
    };
    let answers = calls::metrics::ask(asked(&session, &opened.board, &state), &session).await?;
    Ok(Answered { opened, state, answers })
}

fn asked(session: &Session, board: &Board, state: &PageState) -> Vec<Question> {
    let asking = Asking::new(&session.catalogue, state, board.period, session.status.edition.as_of);
    questions(board, &asking).batch().to_vec()
}

/// Everything that the parts of a board read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) session: &'a Session,
    pub(super) board: &'a Board,
    pub(super) asking: &'a Asking<'a>,
    pub(super) questions: &'a Questions<Place>,
    pub(super) answers: &'a [Answer],
    pub(super) judging: Judging<'a>,
    pub(super) path: &'a str,
    pub(super) env: Env,
}

impl<'a> Reading<'a> {
    pub(super) fn frame(&self, place: &Place) -> Option<Result<&'a Frame, &'a Failure>> {
        self.questions.frame(self.answers, place)
    }

    pub(super) fn cause(&self, place: &Place) -> Option<Result<&'a Cause, &'a Failure>> {
        self.questions.cause(self.answers, place)
    }
}

fn page(session: &Arc<Session>, answered: &Answered, env: Env) -> AnyView {
    let texts = env.texts;
    let board = &answered.opened.board;
    let asking = Asking::new(&session.catalogue, &answered.state, board.period, session.status.edition.as_of);
    let questions = questions(board, &asking);
    let calendar = session.calendar();
    let judging = Judging { period: asking.period, status: &session.status, calendar: &calendar, texts };
    let path = routes::board(&board.id);
    let reading = Reading {
        session,
        board,
        asking: &asking,
        questions: &questions,
        answers: &answered.answers,
        judging,
        path: &path,
        env,
    };

    let cards = cards(&reading);
    let lede = lead(&reading, &cards);
    // Without any target there is no track to be on.
    let judged = cards.iter().any(|(card, _)| card.has_target());
    let scoreboard = (cards.len() > 1 && judged).then(|| {
        let cards: Vec<Card> = cards.iter().map(|(card, _)| card.clone()).collect();
        scoreboard::scoreboard(&cards, session.status.edition.as_of, &calendar, texts)
    });
    let tiles: Vec<AnyView> = board.tiles.iter().map(|tile| tiles::tile(tile, &reading)).collect();
    let dimensions = board.filters.iter().cloned().zip(answered.opened.members.iter().cloned()).collect();
    let bar = FilterBar { session, asking: &asking, own: board.period, path: &path, dimensions };
    let content = view! {
        {lede}
        {card::sheet(cards, scoreboard.flatten(), env)}
        <div class="grid">{tiles}</div>
    };
    let framed = Framed {
        place: Spot::Board(board.id.clone()),
        title: texts.label(&board.title).to_owned(),
        here: answered.state.href(&path),
        filters: Some(filter_bar(&bar, env)),
        content: content.into_any(),
    };
    frame::frame(session, framed, env)
}

fn cards(reading: &Reading<'_>) -> Vec<(Card, Option<Drawing>)> {
    let Reading { board, asking, judging, .. } = *reading;
    let definitions = board.kpis.iter().filter_map(|metric| asking.definition(metric));
    definitions
        .map(|definition| {
            let card = crate::view_models::card::card(
                definition,
                reading.frame(&Place::Card(definition.name.clone())),
                reading.session.left_out(asking, &[&definition.name], judging.texts),
                judging,
            );
            let trend = match reading.frame(&Place::Trend(definition.name.clone())) {
                Some(Ok(frame)) => Some(charts::trend(
                    definition,
                    frame,
                    trend_grain(definition, asking.days),
                    judging.texts,
                )),
                _ => None,
            };
            (card, trend)
        })
        .collect()
}

/// What day it is for the data, then the sentence; exceptions are links.
fn lead(reading: &Reading<'_>, cards: &[(Card, Option<Drawing>)]) -> AnyView {
    use chrono::Datelike;
    use locale::date::{self, Width};
    let Reading { session, env, asking, .. } = *reading;
    let texts = env.texts;
    let today = session.status.today;
    let weekday = locale::plural::capitalized(date::weekday(today.weekday(), Width::Medium, texts.lang));
    let meta = format!(
        "{weekday}, {} · {} {}",
        date::day(today, texts.lang),
        texts.data_until,
        date::day_month(session.status.edition.as_of, texts.lang)
    );
    let cards: Vec<Card> = cards.iter().map(|(card, _)| card.clone()).collect();
    let sentence = lede::lede(&cards, texts).map(|lede| {
        // `p.p.` ends a sentence by itself.
        let closed = lede.exceptions.last().is_none_or(|last| last.said.ends_with('.'));
        let exceptions: Vec<Html> = lede
            .exceptions
            .into_iter()
            .map(|exception| {
                let href = routes::metric_with(&exception.metric, asking.state);
                all((exception.joint, el("a", &[("href", &href)], exception.name), exception.said))
            })
            .collect();
        let full_stop = (!closed).then_some(".");
        el("p", &[], (el("b", &[], lede.count), " ", exceptions, full_stop))
    });
    let html = all((el("p", &[("class", "meta")], meta), sentence)).0;
    view! { <section class="lede" inner_html=html></section> }.into_any()
}
