//! The benchmarks in bench/: each measures Mirante and its peer in one run.

use crate::machine::{python_packages, root, run};
use crate::server::build_release;
use anyhow::Result;
use std::process::Command;

/// Runs one benchmark, or all.
pub fn run_benchmarks(name: Option<&str>) -> Result<()> {
    let binary = build_release()?;
    let python = python_packages("bench", &["duckdb==2.0.0", "xlsxwriter"])?;
    run(Command::new(python.join("bin/python"))
        .arg(root().join("bench/run.py"))
        .args(name)
        .env("MIRANTE", binary)
        .current_dir(root().join("bench")))
}
