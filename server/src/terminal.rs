//! What a person sees in the terminal: logs, progress and the one line of an error.
//!
//! Results go to standard output, everything else to standard error. Invariant: an error is printed once, on one line.

use indicatif::{ProgressBar, ProgressStyle};
use pipeline::Event;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// The command was understood, but its words or the configuration are wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadUsage(pub String);

/// Logs to standard error: warnings, or what `RUST_LOG` asks for.
pub fn start_logging(verbose: bool) {
    let fallback = if verbose { "info,mirante=debug" } else { "warn,mirante=info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(fallback));
    // A second call in one process (tests) finds logging started; that is fine.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}

/// Prints the error with its causes on one line and gives the exit code that it deserves.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("mirante: {}", one_line(error));
    if error.downcast_ref::<BadUsage>().is_some() { ExitCode::from(2) } else { ExitCode::from(1) }
}

/// The error and its causes, each said once.
pub fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            line = text;
        } else if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
    }
    line
}

/// Shows a run's events as one bar; on something that is no terminal it shows nothing.
pub fn progress() -> Arc<dyn Fn(Event) + Send + Sync> {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.set_style(style);
    bar.enable_steady_tick(Duration::from_millis(120));
    let rows = Mutex::new(0_u64);
    Arc::new(move |event| match event {
        Event::Landed { table, rows: landed } => {
            let total = match rows.lock() {
                Ok(mut rows) => {
                    *rows += landed;
                    *rows
                }
                Err(_) => landed,
            };
            bar.set_message(format!("landing {table}: {total} rows in all"));
        }
        Event::Built { node, done, total } => bar.set_message(format!("building {done}/{total}: {node}")),
        Event::Checked { done, total } => bar.set_message(format!("checking {done}/{total}")),
        Event::Step(step) => bar.set_message(step.to_owned()),
        Event::Ended => bar.finish_and_clear(),
    })
}
