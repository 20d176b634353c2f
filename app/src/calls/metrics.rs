//! Metrics: what can be asked, the asking itself, and where a figure came from.
//!
//! Invariant: answers come in the order of the questions, each with its own success or failure; a question that only wants to know
//! what explains a change gets the explanation instead of the members' figures, which may be hundreds.

use super::{Called, Json};
use crate::session::Session;
use crate::view_models::changes::Cause;
use contract::Failure;
use contract::metrics::{Catalogue, Origin};
use kpi::{Frame, MetricQuery};
use leptos::server;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub query: MetricQuery,
    pub explain: Option<Explain>,
}

/// What explains the change of `metric` along `dimension`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explain {
    pub metric: String,
    pub dimension: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Told {
    Frame(Frame),
    /// None when nothing moved, or there was nothing to compare with.
    Cause(Option<Cause>),
}

/// The answer to one question.
pub type Answer = Result<Told, Failure>;

#[server(name = MetricCatalogue, prefix = "/_fn", endpoint = "metrics/catalogue", input = Json, output = Json)]
pub async fn catalogue() -> Called<Catalogue> {
    let (principal, metrics) = super::answerer::<dyn contract::metrics::Metrics>()?;
    Ok(metrics.catalogue(&principal).await?)
}

/// The answers to all questions: from the slices that the browser holds where they know, from the server otherwise.
pub async fn ask(questions: Vec<Question>, session: &Session) -> Called<Vec<Answer>> {
    #[cfg(feature = "hydrate")]
    {
        let mut answers = crate::local::answer(&questions, session).await;
        let left: Vec<usize> = (0..answers.len()).filter(|index| answers[*index].is_none()).collect();
        if !left.is_empty() {
            let asked: Vec<Question> = left.iter().map(|index| questions[*index].clone()).collect();
            crate::local::fetch(&asked, session);
            for (index, answer) in left.into_iter().zip(ask_server(asked).await?) {
                answers[index] = Some(answer);
            }
        }
        let none =
            || Err(Failure::new(contract::failure::FailureKind::Internal, "the server gave too few answers"));
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(none)).collect())
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = session;
        ask_server(questions).await
    }
}

/// Begins to fetch what the browser needs to answer such questions by itself; does nothing on the server.
pub fn prepare(questions: &[Question], session: &Session) {
    #[cfg(feature = "hydrate")]
    crate::local::fetch(questions, session);
    #[cfg(not(feature = "hydrate"))]
    let _ = (questions, session);
}

/// What a question wants to know of a frame.
pub(crate) fn tell(question: &Question, frame: Frame, catalogue: &Catalogue) -> Told {
    match &question.explain {
        None => Told::Frame(frame),
        Some(explain) => {
            let definition = catalogue.metric(&explain.metric);
            Told::Cause(definition.and_then(|definition| Cause::of(definition, &frame, &explain.dimension)))
        }
    }
}

#[server(name = AskMetrics, prefix = "/_fn", endpoint = "metrics/ask", input = Json, output = Json)]
async fn ask_server(questions: Vec<Question>) -> Called<Vec<Answer>> {
    let (principal, metrics) = super::answerer::<dyn contract::metrics::Metrics>()?;
    let queries: Vec<MetricQuery> = questions.iter().map(|question| question.query.clone()).collect();
    let frames = metrics.ask(&principal, &queries).await?;
    let catalogue = metrics.catalogue(&principal).await?;
    let tell = |(question, frame): (&Question, Result<Frame, Failure>)| {
        frame.map(|frame| tell(question, frame, &catalogue))
    };
    Ok(questions.iter().zip(frames).map(tell).collect())
}

/// The members of each dimension, most frequent first; a dimension that cannot be listed has none.
#[server(name = DimensionMembers, prefix = "/_fn", endpoint = "metrics/members", input = Json, output = Json)]
pub async fn members(dimensions: Vec<String>) -> Called<Vec<Vec<String>>> {
    let (principal, metrics) = super::answerer::<dyn contract::metrics::Metrics>()?;
    let mut members = Vec::with_capacity(dimensions.len());
    for dimension in &dimensions {
        members.push(metrics.members(&principal, dimension).await.unwrap_or_default());
    }
    Ok(members)
}

#[server(name = MetricOrigin, prefix = "/_fn", endpoint = "metrics/origin", input = Json, output = Json)]
pub async fn origin(metric: String) -> Called<Origin> {
    let (principal, metrics) = super::answerer::<dyn contract::metrics::Metrics>()?;
    Ok(metrics.origin(&principal, &metric).await?)
}
