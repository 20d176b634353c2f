//! One metric: value, series, drivers, leaderboard, drill path and provenance.
//!
//! Invariant: value, waterfall and leaderboard are about the same members of the same period, so they agree.

mod parts;

use crate::calls::metrics::{Answer, Question};
use crate::calls::{self, CallFailure, Called};
use crate::components::filter_bar::{FilterBar, filter_bar};
use crate::components::frame::{self, Framed, Place as Spot};
use crate::components::{Env, crumbs, document, origin_panel, states};
use crate::page_state::PageState;
use crate::questions::metric::{Place, questions};
use crate::questions::{Asking, Questions};
use crate::routes;
use crate::session::{Published, Session, SessionResource};
use crate::view_models::card::Judging;
use crate::view_models::changes::Cause;
use contract::Failure;
use contract::failure::FailureKind;
use contract::metrics::Origin;
use kpi::{Frame, Grain, MetricDefinition, PeriodSpec};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The period that the page opens with.
const OWN_PERIOD: PeriodSpec = PeriodSpec::This { this: Grain::Month };

/// A metric with the answers for one state of its URL.
#[derive(Clone, Serialize, Deserialize)]
struct Answered {
    opened: Arc<Opened>,
    state: PageState,
    answers: Vec<Answer>,
}

/// What does not change with the URL's state.
#[derive(Clone, Serialize, Deserialize)]
struct Opened {
    metric: String,
    /// Dimensions that the filter bar offers, with their members.
    members: Vec<(String, Vec<String>)>,
    origin: Called<Origin>,
}

/// What this visit has opened, and after how many editions.
#[derive(Clone)]
struct Kept {
    times: u32,
    opened: Arc<Opened>,
}

#[component]
pub fn MetricPage() -> impl IntoView {
    let env = Env::new();
    let session = expect_context::<SessionResource>();
    let Published(published) = expect_context();
    let params = use_params_map();
    let metric = Memo::new(move |_| params.with(|params| params.get("metric")).unwrap_or_default());
    let kept = StoredValue::new(None::<Kept>);
    let answered = Resource::new(
        move || (metric.get(), env.state.get(), published.get()),
        move |(metric, state, times)| async move {
            let opened = kept.get_value().filter(|kept| kept.times == times).map(|kept| kept.opened);
            answer(metric, state, session, opened).await
        },
    );
    Effect::new(move |_| {
        let Some(Ok(answered)) = answered.get() else { return env.pending.set(false) };
        if kept.with_value(Option::is_none) {
            request_animation_frame(document::go_to_fragment);
            if let Some(Ok(session)) = session.get_untracked()
                && let Some(definition) = session.catalogue.metric(&answered.opened.metric)
            {
                calls::metrics::prepare(&asked(&session, definition, &answered.state), &session);
            }
        }
        env.pending.set((&answered.opened.metric, &answered.state) != (&metric.get(), &env.state.get()));
        kept.set_value(Some(Kept { times: published.get_untracked(), opened: answered.opened }));
    });
    view! {
        <Transition fallback=move || states::loading_page(env.texts)>
            {move || Suspend::new(async move {
                let here = env.state.get_untracked().href(&routes::metric(&metric.get_untracked()));
                match (session.await, answered.await) {
                    (Ok(session), Ok(answered)) => page(&session, &answered, env),
                    (Err(CallFailure(failure)), _) | (_, Err(CallFailure(failure))) => states::failed_page(&failure, here, env.texts),
                }
            })}
        </Transition>
    }
}

async fn answer(
    metric: String,
    state: PageState,
    session: SessionResource,
    kept: Option<Arc<Opened>>,
) -> Called<Answered> {
    let session = session.await?;
    let definition = session.catalogue.metric(&metric).ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("there is no metric `{metric}`; see the list of metrics"))
    })?;
    let opened = if let Some(opened) = kept.filter(|opened| opened.metric == metric) {
        opened
    } else {
        let dimensions = filter_dimensions(definition, &session);
        let members = calls::metrics::members(dimensions.clone()).await?;
        let origin = calls::metrics::origin(metric.clone()).await;
        Arc::new(Opened { metric, members: dimensions.into_iter().zip(members).collect(), origin })
    };
    let answers = calls::metrics::ask(asked(&session, definition, &state), &session).await?;
    Ok(Answered { opened, state, answers })
}

fn asked(session: &Session, definition: &MetricDefinition, state: &PageState) -> Vec<Question> {
    let asking = Asking::new(&session.catalogue, state, OWN_PERIOD, session.status.edition.as_of);
    questions(definition, &asking).batch().to_vec()
}

/// Prominent dimensions first; six fit a bar.
fn filter_dimensions(definition: &MetricDefinition, session: &Session) -> Vec<String> {
    let prominent =
        |name: &String| session.catalogue.dimension(name).is_some_and(|dimension| dimension.prominent);
    let (mut first, rest): (Vec<String>, Vec<String>) =
        definition.dimensions.iter().cloned().partition(prominent);
    first.extend(rest);
    first.truncate(6);
    first
}

/// Everything that the parts of the page read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) session: &'a Session,
    pub(super) definition: &'a MetricDefinition,
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

    pub(super) fn dimension_name(&self, dimension: &str) -> String {
        self.session.dimension_name(dimension, self.env.texts)
    }
}

fn page(session: &Arc<Session>, answered: &Answered, env: Env) -> AnyView {
    let texts = env.texts;
    let path = routes::metric(&answered.opened.metric);
    let here = answered.state.href(&path);
    let Some(definition) = session.catalogue.metric(&answered.opened.metric) else {
        return states::failed_page(&Failure::new(FailureKind::NotFound, texts.not_found), here, texts);
    };
    let asking = Asking::new(&session.catalogue, &answered.state, OWN_PERIOD, session.status.edition.as_of);
    let questions = questions(definition, &asking);
    let calendar = session.calendar();
    let judging = Judging { period: asking.period, status: &session.status, calendar: &calendar, texts };
    let reading = Reading {
        session,
        definition,
        asking: &asking,
        questions: &questions,
        answers: &answered.answers,
        judging,
        path: &path,
        env,
    };

    let panel = origin_panel::Panel {
        session,
        definition,
        origin: &answered.opened.origin,
        formula: parts::live_formula(&reading),
        filters: parts::filters_in_words(&reading),
    };
    let content = view! {
        {parts::levels(&reading).map(|levels| crumbs::crumbs(levels, env))}
        {parts::hero(&reading)}
        <div class="with-aside">
            <div class="grid">{parts::series(&reading)}{parts::drivers(&reading)}{parts::leaders(&reading)}</div>
            {origin_panel::origin_panel(&panel, env)}
        </div>
    };
    let bar = FilterBar {
        session,
        asking: &asking,
        own: OWN_PERIOD,
        path: &path,
        dimensions: answered.opened.members.clone(),
    };
    let framed = Framed {
        place: Spot::Metrics,
        title: texts.label(&definition.label).to_owned(),
        here,
        filters: Some(filter_bar(&bar, env)),
        content: content.into_any(),
    };
    frame::frame(session, framed, env)
}
