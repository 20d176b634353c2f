//! The third stage of a run: the packs' checks judge what was built.
//!
//! Does not know any rule (`check`). Invariant: a check that cannot run blocks like one that fails; silence is never a pass.

use crate::{Event, PipelineError, Progress, whole};
use check::{Check, Config, Kind, Outcome, Severity, Status};
use contract::metrics::{CheckResult, CheckStatus};
use futures::StreamExt;
use lake::{Lake, Relations, Session};
use transform::{Project, RunContext, TestKind, TestNode};

/// Checks that run at the same time.
const AT_ONCE: usize = 2;
/// Failing checks that a message names; the list of checks has them all.
const NAMED: usize = 5;

/// What the checks found.
#[derive(Debug, Default)]
pub struct Judged {
    /// Each result with its sample of failing rows.
    pub results: Vec<(CheckResult, serde_json::Value)>,
    /// Why the edition is held back.
    pub blocking: Option<String>,
    pub warnings: Vec<String>,
}

/// Runs every check of the project over `relations`.
///
/// # Errors
/// Only when the packs' checks cannot be read; what a check finds is in the result.
pub async fn judge_all(
    lake: &Lake,
    project: &Project,
    relations: &Relations,
    progress: &Progress,
) -> Result<Judged, PipelineError> {
    let session = lake.session(relations.clone());
    let context = RunContext::new(chrono::Utc::now(), uuid::Uuid::now_v7().to_string());
    let total = project.tests.len();
    let outcomes = project.tests.values().map(|test| judge(project, test, &session, &context));
    let mut outcomes = futures::stream::iter(outcomes).buffered(AT_ONCE);
    let mut judged = Judged::default();
    let mut blocking = Vec::new();
    while let Some((test, outcome)) = outcomes.next().await {
        let said = sentence(test, &outcome);
        if outcome.status.blocks() {
            blocking.push(said);
        } else if outcome.status == Status::Warn {
            judged.warnings.push(said);
        }
        judged.results.push((result(test, &outcome), serde_json::json!(outcome.sample)));
        progress(Event::Checked { done: judged.results.len(), total });
    }
    if !blocking.is_empty() {
        let more = blocking.len().saturating_sub(NAMED);
        let mut message = blocking.into_iter().take(NAMED).collect::<Vec<_>>().join("; ");
        if more > 0 {
            message = format!("{message}; and {more} more");
        }
        judged.blocking =
            Some(format!("the edition is held back: {message}; mend the data or the check, then run again"));
    }
    Ok(judged)
}

async fn judge<'a>(
    project: &Project,
    test: &'a TestNode,
    session: &Session,
    context: &RunContext,
) -> (&'a TestNode, Outcome) {
    let kind = match &test.kind {
        TestKind::Generic { test: rule, package, arguments } if package == "dbt" => {
            Kind::Generic { rule: rule.clone(), arguments: arguments.clone() }
        }
        _ => match project.test_sql(test, session, context).await {
            Ok(sql) => Kind::Singular { sql },
            Err(error) => return (test, cannot_run(test, &error)),
        },
    };
    let check = Check {
        id: test.id.clone(),
        kind,
        relation: test.relation.clone(),
        column: test.column.clone(),
        config: config(test),
    };
    (test, check::run(session, &check).await)
}

fn config(test: &TestNode) -> Config {
    Config {
        severity: match test.config.severity {
            transform::Severity::Error => Severity::Error,
            transform::Severity::Warn => Severity::Warn,
        },
        only_where: test.config.where_sql.clone(),
        limit: test.config.limit,
        warn_if: test.config.warn_if.clone(),
        error_if: test.config.error_if.clone(),
        fail_calc: test.config.fail_calc.clone(),
        store_failures: test.config.store_failures,
    }
}

fn cannot_run(test: &TestNode, error: &dyn std::error::Error) -> Outcome {
    Outcome {
        check: test.id.clone(),
        status: Status::Error,
        failures: 0,
        message: Some(whole(error)),
        sql: String::new(),
        sample: None,
        stored: None,
        place: None,
        elapsed: std::time::Duration::ZERO,
    }
}

/// The table that a check speaks of; a singular test speaks of all that it reads, and is kept with the first.
fn table(test: &TestNode) -> String {
    test.relation.as_ref().map(ToString::to_string).unwrap_or_else(|| test.name.clone())
}

fn sentence(test: &TestNode, outcome: &Outcome) -> String {
    let place = match (&test.relation, &test.column) {
        (Some(relation), Some(column)) => format!(" on `{relation}`.`{column}`"),
        (Some(relation), None) => format!(" on `{relation}`"),
        _ => String::new(),
    };
    let why = outcome.message.clone().unwrap_or_default();
    let text = format!("check `{}`{place}: {why}", test.name);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn result(test: &TestNode, outcome: &Outcome) -> CheckResult {
    CheckResult {
        name: test.name.clone(),
        table: table(test),
        column: test.column.clone(),
        status: match outcome.status {
            Status::Pass => CheckStatus::Pass,
            Status::Warn => CheckStatus::Warn,
            Status::Fail => CheckStatus::Fail,
            Status::Error => CheckStatus::Error,
        },
        failures: outcome.failures,
        at: String::new(),
    }
}
