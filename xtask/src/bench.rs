//! The benchmarks in bench/: each measures Mirante and its peer in one run.

use crate::machine::{cargo, python_packages, root, run, target_dir};
use crate::server::build_release;
use anyhow::Result;
use std::process::Command;

/// Runs one benchmark, or all.
pub fn run_benchmarks(name: Option<&str>) -> Result<()> {
    let binary = build_release()?;
    run(cargo().args(["build", "--release", "--package", "simulators", "--example", "serve"]))?;
    let python = python_packages("bench", &["duckdb==2.0.0", "xlsxwriter"])?;
    run(Command::new(python.join("bin/python"))
        .arg(root().join("bench/run.py"))
        .args(name)
        .env("MIRANTE", binary)
        .env("SIMULATORS", target_dir()?.join("release/examples/serve"))
        .current_dir(root().join("bench")))
}
