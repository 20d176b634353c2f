//! The binary `mirante`: the command line, the web server, and the one place where all rooms are put together.
//!
//! Computes nothing itself. Invariant: exit code 0 is done, 1 failed, 2 bad usage or configuration; an error is one line that says
//! what, where and the remedy.

mod answers;
mod cli;
mod config;
mod examine;
mod house;
mod jobs;
mod keeper;
mod passwords;
mod reader;
mod second_step;
mod slices;
mod terminal;
mod throttle;
mod uploads;
mod web;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    terminal::start_logging(arguments.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return terminal::fail(&anyhow::Error::from(error).context("could not start")),
    };
    let outcome = runtime.block_on(cli::run(arguments));
    // A reader that still hangs on a slow disk must not hold the process back.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => terminal::fail(&error),
    }
}
