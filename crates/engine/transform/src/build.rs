//! One run: every selected node, parents before children, independent ones side by side.
//!
//! Does not say how a node becomes a table (`materialize`) or run data tests (`check`).
//! Invariant: a node whose parent failed is never built, and what an edition names is never changed.

mod compile;
mod reads;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use lake::{Lake, Relation, Relations, TableName};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use compile::Compiled;

use crate::errors::TransformError;
use crate::load::{Project, Selection};
use crate::materialize;
use crate::node::{Node, NodeKind};

/// What a run is told from outside.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// The moment that the whole run takes for now: `run_started_at`, `current_timestamp()`, snapshots.
    pub now: DateTime<Utc>,
    /// `invocation_id`
    pub invocation: String,
    /// Incremental models begin anew.
    pub full_refresh: bool,
    /// Nodes that are built at the same time, at least 1.
    pub threads: usize,
    /// Stops the run: what is being built is dropped, what is built stays.
    pub cancel: CancellationToken,
}

impl RunContext {
    pub fn new(now: DateTime<Utc>, invocation: impl Into<String>) -> RunContext {
        RunContext {
            now,
            invocation: invocation.into(),
            full_refresh: false,
            threads: 2,
            cancel: CancellationToken::new(),
        }
    }
}

/// What a run tells while it goes on.
#[derive(Debug, Clone)]
pub enum Progress {
    /// `done` nodes of `total` are finished.
    Started {
        id: String,
        name: String,
        done: usize,
        total: usize,
    },
    Finished {
        result: NodeResult,
        done: usize,
        total: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Success,
    Error,
    /// A parent failed.
    Skipped,
    Cancelled,
}

/// How it went with one node.
#[derive(Debug, Clone)]
pub struct NodeResult {
    pub id: String,
    pub name: String,
    pub kind: NodeKind,
    pub relation: TableName,
    pub status: Status,
    /// Rows written; none for a view.
    pub rows: Option<u64>,
    pub elapsed: Duration,
    /// SQL as it ran; none for seeds, and for what did not come so far.
    pub compiled: Option<String>,
    /// Why it did not succeed, for a person.
    pub message: Option<String>,
    pub error: Option<Arc<TransformError>>,
}

/// The outcome of a run.
#[derive(Debug, Clone, Default)]
pub struct Built {
    /// The relations that the run started from, with everything that it built.
    pub relations: Relations,
    /// In the order in which they finished.
    pub results: Vec<NodeResult>,
}

impl Built {
    /// Whether every selected node was built.
    pub fn succeeded(&self) -> bool {
        self.results.iter().all(|result| result.status == Status::Success)
    }
}

/// Builds the selected nodes of `project` onto `base`.
///
/// `base` holds the newest raw tables and the models of the last edition. Failures are in the results; the run goes on with what does not
/// depend on them. Must run inside a Tokio runtime.
pub async fn build(
    project: &Project,
    lake: &Lake,
    base: Relations,
    selection: &Selection,
    context: &RunContext,
    progress: impl Fn(Progress) + Send + Sync,
) -> Built {
    let mut run = Run::new(project, lake, base, selection, context, &progress);
    let mut tasks = JoinSet::new();
    let mut names = BTreeMap::new();
    loop {
        while tasks.len() < context.threads.max(1) && !context.cancel.is_cancelled() {
            let Some(id) = run.ready.pop_first() else { break };
            let work = run.start(&id);
            let handle = tasks.spawn(work);
            names.insert(handle.id(), id);
        }
        let Some(finished) = tasks.join_next_with_id().await else { break };
        match finished {
            Ok((task, outcome)) => {
                names.remove(&task);
                run.finish(outcome);
            }
            Err(failure) => {
                let id = names.remove(&failure.id()).unwrap_or_default();
                run.broken(&id, &failure.to_string());
            }
        }
    }
    run.rest_cancelled();
    run.built
}

/// A node that was tried.
struct Outcome {
    id: String,
    elapsed: Duration,
    compiled: Option<String>,
    result: Result<Made, TransformError>,
}

/// What became of a node.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) relation: Relation,
    pub(crate) rows: Option<u64>,
}

/// The state of a run.
struct Run<'a> {
    project: Arc<Project>,
    lake: Lake,
    context: RunContext,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
    /// Selected nodes that are not finished → parents among the selected that are not finished.
    waiting: BTreeMap<String, BTreeSet<String>>,
    ready: BTreeSet<String>,
    total: usize,
    built: Built,
}

impl<'a> Run<'a> {
    fn new(
        project: &Project,
        lake: &Lake,
        base: Relations,
        selection: &Selection,
        context: &RunContext,
        progress: &'a (dyn Fn(Progress) + Send + Sync),
    ) -> Run<'a> {
        let selected: Vec<&Arc<Node>> =
            project.nodes.values().filter(|node| selection.contains(&node.id)).collect();
        let ids: BTreeSet<&str> = selected.iter().map(|node| node.id.as_str()).collect();
        let waiting: BTreeMap<String, BTreeSet<String>> = selected
            .iter()
            .map(|node| {
                // Through what is not selected, too: a grandparent that is built must be built first.
                let before = project.graph.ancestors(&node.id, None);
                (node.id.clone(), before.into_iter().filter(|id| ids.contains(id.as_str())).collect())
            })
            .collect();
        let ready =
            waiting.iter().filter(|(_, parents)| parents.is_empty()).map(|(id, _)| id.clone()).collect();
        Run {
            project: Arc::new(project.clone()),
            lake: lake.clone(),
            context: context.clone(),
            progress,
            total: waiting.len(),
            waiting,
            ready,
            built: Built { relations: base, results: Vec::new() },
        }
    }

    /// The work of one node, to be spawned.
    fn start(&self, id: &str) -> impl Future<Output = Outcome> + Send + 'static + use<> {
        let node = self.project.nodes[id].clone();
        (self.progress)(Progress::Started {
            id: node.id.clone(),
            name: node.name.clone(),
            done: self.built.results.len(),
            total: self.total,
        });
        let (project, lake) = (self.project.clone(), self.lake.clone());
        let (relations, context) = (self.built.relations.clone(), self.context.clone());
        async move {
            let started = Instant::now();
            let mut compiled = None;
            let cancelled = || TransformError::Cancelled { node: node.name.clone() };
            let work = one(&project, &lake, relations, &node, &context, &mut compiled);
            let result = tokio::select! {
                biased;
                () = context.cancel.cancelled() => Err(cancelled()),
                result = work => result,
            };
            Outcome { id: node.id.clone(), elapsed: started.elapsed(), compiled, result }
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        let node = self.project.nodes[&outcome.id].clone();
        let mut result = blank(&node, Status::Success);
        result.elapsed = outcome.elapsed;
        result.compiled = outcome.compiled;
        match outcome.result {
            Ok(made) => {
                self.built.relations.insert(node.relation.clone(), made.relation);
                result.rows = made.rows;
                self.done(result);
                self.waiting.remove(&node.id);
                for (id, parents) in &mut self.waiting {
                    if parents.remove(&node.id) && parents.is_empty() {
                        self.ready.insert(id.clone());
                    }
                }
            }
            Err(error) => {
                let cancelled = matches!(error, TransformError::Cancelled { .. });
                result.status = if cancelled { Status::Cancelled } else { Status::Error };
                result.message = Some(described(&error));
                result.error = Some(Arc::new(error));
                self.done(result);
                self.waiting.remove(&node.id);
                if !cancelled {
                    self.skip_below(&node);
                }
            }
        }
    }

    fn broken(&mut self, id: &str, message: &str) {
        let Some(node) = self.project.nodes.get(id).cloned() else { return };
        let error = TransformError::Panicked { node: node.name.clone(), message: message.to_owned() };
        let mut result = blank(&node, Status::Error);
        result.message = Some(error.to_string());
        result.error = Some(Arc::new(error));
        self.done(result);
        self.waiting.remove(id);
        self.skip_below(&node);
    }

    /// Everything that waits for `failed` is skipped.
    fn skip_below(&mut self, failed: &Node) {
        let below: Vec<String> = self
            .waiting
            .iter()
            .filter(|(_, parents)| parents.contains(&failed.id))
            .map(|(id, _)| id.clone())
            .collect();
        for id in below {
            self.waiting.remove(&id);
            let mut result = blank(&self.project.nodes[&id], Status::Skipped);
            result.message = Some(format!("skipped, because `{}` failed", failed.name));
            self.done(result);
        }
    }

    fn rest_cancelled(&mut self) {
        for id in std::mem::take(&mut self.waiting).into_keys() {
            let mut result = blank(&self.project.nodes[&id], Status::Cancelled);
            result.message = Some("the run was cancelled before its turn".to_owned());
            self.done(result);
        }
    }

    fn done(&mut self, result: NodeResult) {
        self.built.results.push(result.clone());
        (self.progress)(Progress::Finished { result, done: self.built.results.len(), total: self.total });
    }
}

fn blank(node: &Node, status: Status) -> NodeResult {
    NodeResult {
        id: node.id.clone(),
        name: node.name.clone(),
        kind: node.kind,
        relation: node.relation.clone(),
        status,
        rows: None,
        elapsed: Duration::ZERO,
        compiled: None,
        message: None,
        error: None,
    }
}

/// The error and its causes, on one line.
fn described(error: &TransformError) -> String {
    let mut text = error.to_string();
    // The lake's own words are already in it, at the author's place.
    if matches!(error, TransformError::Sql { .. }) {
        return text;
    }
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        let said = one.to_string();
        if !said.is_empty() && !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = one.source();
    }
    text
}

async fn one(
    project: &Arc<Project>,
    lake: &Lake,
    relations: Relations,
    node: &Arc<Node>,
    context: &RunContext,
    compiled_text: &mut Option<String>,
) -> Result<Made, TransformError> {
    reads::are_there(project, &relations, node)?;
    let relations = Arc::new(relations);
    let compiled = compile::node(project, lake, &relations, node, context).await?;
    if let Some(compiled) = &compiled {
        *compiled_text = Some(compiled.rendered.text.clone());
    }
    materialize::node(lake, node, compiled.as_ref(), context).await
}
