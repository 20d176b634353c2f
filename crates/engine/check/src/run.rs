//! Runs checks and judges them as dbt does.
//!
//! Does not make the rules' SQL (`rules`). Invariant: what is judged and what is shown comes from the same SQL over
//! the same session.

use std::time::Instant;

use futures::StreamExt;
use lake::arrow::array::{Array, AsArray};
use lake::arrow::datatypes::Int64Type;
use lake::arrow::error::ArrowError;
use lake::arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::{LakeError, RecordBatchStream, Session, TableName, WriteMode};

use crate::rules::failing_rows;
use crate::{Check, CheckError, Outcome, Sample, Severity, Status};

/// Checks of one session that run at the same time.
const AT_ONCE: usize = 2;
const SAMPLE_ROWS: u64 = 20;
const AUDIT: &str = "dbt_test__audit";
/// Lines of our own before the check's SQL in the question that is asked.
const LINES_BEFORE: u64 = 2;

/// Runs all checks; outcomes come in the checks' order.
pub async fn run_all(session: &Session, checks: &[Check]) -> Vec<Outcome> {
    futures::stream::iter(checks.iter().map(|check| run(session, check))).buffered(AT_ONCE).collect().await
}

/// Runs one check. What keeps it from running is an outcome too.
pub async fn run(session: &Session, check: &Check) -> Outcome {
    let start = Instant::now();
    let mut outcome = Outcome {
        check: check.id.clone(),
        status: Status::Error,
        failures: 0,
        message: None,
        sql: String::new(),
        sample: None,
        stored: None,
        place: None,
        elapsed: start.elapsed(),
    };
    if let Err(error) = fill(session, check, &mut outcome).await {
        outcome.status = Status::Error;
        if let CheckError::Sql { line: Some(line), column, .. } = &error {
            outcome.place = Some((*line, *column));
        }
        outcome.message = Some(error.to_string());
    }
    outcome.elapsed = start.elapsed();
    outcome
}

async fn fill(session: &Session, check: &Check, outcome: &mut Outcome) -> Result<(), CheckError> {
    let config = &check.config;
    outcome.sql = failing_rows(check, config.store_failures)?;
    let verdict = judge(session, check, &outcome.sql).await?;
    outcome.failures = verdict.failures;
    let results =
        if verdict.failures == 1 { "1 result".to_string() } else { format!("{} results", verdict.failures) };
    if config.severity == Severity::Error && verdict.should_error {
        outcome.status = Status::Fail;
        outcome.message = Some(format!("Got {results}, configured to fail if {}", config.error_if));
    } else if verdict.should_warn {
        outcome.status = Status::Warn;
        outcome.message = Some(format!("Got {results}, configured to warn if {}", config.warn_if));
    } else {
        outcome.status = Status::Pass;
    }
    if outcome.status != Status::Pass {
        let rows = failing_rows(check, true)?;
        outcome.sample = Some(sample(session, check, &rows).await?);
    }
    if config.store_failures {
        outcome.stored = Some(store(session, check, &outcome.sql).await?);
    }
    Ok(())
}

struct Verdict {
    failures: u64,
    should_warn: bool,
    should_error: bool,
}

/// dbt's question around the check's SQL. Line breaks keep a comment at its end from swallowing ours.
async fn judge(session: &Session, check: &Check, rows: &str) -> Result<Verdict, CheckError> {
    let config = &check.config;
    let (calc, warn_if, error_if) = (&config.fail_calc, &config.warn_if, &config.error_if);
    let question = format!(
        "select cast({calc} as bigint) as failures, {calc} {warn_if} as should_warn, {calc} {error_if} as should_error\n\
         from (\n{rows}\n{}) dbt_internal_test",
        limit(config.limit)
    );
    let batches = session.query(&question).await.map_err(|e| sql_error(check, rows, e))?;
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else {
        return Err(no_number(check));
    };
    let failures = batch.column(0).as_primitive::<Int64Type>();
    if failures.is_null(0) {
        return Err(no_number(check));
    }
    let flag = |place: usize| {
        let column = batch.column(place);
        column.as_boolean_opt().is_some_and(|flag| flag.is_valid(0) && flag.value(0))
    };
    let failures = u64::try_from(failures.value(0)).unwrap_or(0);
    Ok(Verdict { failures, should_warn: flag(1), should_error: flag(2) })
}

fn limit(rows: Option<u64>) -> String {
    rows.map(|rows| format!("limit {rows}\n")).unwrap_or_default()
}

fn no_number(check: &Check) -> CheckError {
    CheckError::NoNumber { check: check.id.clone(), fail_calc: check.config.fail_calc.clone() }
}

/// The lake's error with its place counted in the check's own SQL, when it lies there.
fn sql_error(check: &Check, rows: &str, error: LakeError) -> CheckError {
    let (line, column) = match &error {
        LakeError::Sql { line, column, .. } => (*line, *column),
        _ => (None, None),
    };
    let lines = rows.lines().count() as u64;
    let own = line.and_then(|line| line.checked_sub(LINES_BEFORE)).filter(|line| (1..=lines).contains(line));
    let message = error.to_string();
    CheckError::Sql {
        check: check.id.clone(),
        message,
        line: own,
        column: own.and(column),
        source: Box::new(error),
    }
}

async fn sample(session: &Session, check: &Check, rows: &str) -> Result<Sample, CheckError> {
    let rows_shown = check.config.limit.unwrap_or(SAMPLE_ROWS).min(SAMPLE_ROWS);
    let question = format!("select *\nfrom (\n{rows}\n) failing\nlimit {rows_shown}");
    let failed = |e| sql_error(check, rows, e);
    let mut answer = session.stream(&question).await.map_err(failed)?;
    let columns = answer.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut sample = Sample { columns, rows: Vec::new() };
    let options = FormatOptions::default();
    while let Some(batch) = answer.next().await {
        let batch = batch.map_err(failed)?;
        let cells: Result<Vec<_>, ArrowError> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect();
        let cells =
            cells.map_err(|e| failed(LakeError::Rows { table: audit_table(check), source: e.into() }))?;
        for row in 0..batch.num_rows() {
            let row = batch
                .columns()
                .iter()
                .zip(&cells)
                .map(|(column, cells)| column.is_valid(row).then(|| cells.value(row).to_string()));
            sample.rows.push(row.collect());
        }
    }
    Ok(sample)
}

/// Keeps all failing rows (at most `limit`) as a table, which the next run of the check replaces.
async fn store(session: &Session, check: &Check, rows: &str) -> Result<(TableName, u64), CheckError> {
    let table = audit_table(check);
    table.check().map_err(|_| CheckError::StoredName { check: check.id.clone() })?;
    let question = format!("select *\nfrom (\n{rows}\n) failing\n{}", limit(check.config.limit));
    let failed = |e| sql_error(check, rows, e);
    let answer: RecordBatchStream = session.stream(&question).await.map_err(failed)?;
    let version = session.lake().write(&table, answer, WriteMode::Replace).await.map_err(failed)?;
    Ok((table, version))
}

/// `dbt_test__audit.<name>`; the name is the part of a dbt id that its author would recognise.
fn audit_table(check: &Check) -> TableName {
    let name = match check.id.split('.').collect::<Vec<_>>().as_slice() {
        ["test", _, name, ..] => (*name).to_string(),
        _ => check.id.clone(),
    };
    let name: String = name
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_lowercase() || letter.is_ascii_digit() { letter } else { '_' })
        .collect();
    let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name };
    TableName::new(AUDIT, name)
}
