//! Every test, on a machine that may have seen none of it: Rust, dbt beside ours, and real Chromium.
//!
//! Invariant: a stage that cannot run fails; nothing is skipped because a tool is missing.

use crate::machine::{apt_install, cargo, chromium, npm_packages, python_packages, root, run};
use crate::server::build_for_tests;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// dbt-core 1.12 cannot be installed from PyPI alone.
const DBT: [&str; 5] =
    ["dbt-core<1.12", "dbt-duckdb==1.11.1", "duckdb==2.0.0", "deltalake==1.6.6", "pyarrow==26.0.1"];

const STAGES: [(&str, fn() -> Result<()>); 3] = [("rust", rust), ("xtask", xtask), ("browser", browser)];

/// Runs the named stages, or all of them.
pub fn stages(wanted: &[String]) -> Result<()> {
    if let Some(unknown) = wanted.iter().find(|name| !STAGES.iter().any(|(stage, _)| stage == name)) {
        bail!("there is no stage `{unknown}`; the stages are {}", STAGES.map(|(name, _)| name).join(", "));
    }
    for (name, stage) in STAGES {
        if wanted.is_empty() || wanted.iter().any(|stage| stage == name) {
            let started = Instant::now();
            println!("== {name}");
            stage()?;
            println!("== {name}: {} s", started.elapsed().as_secs());
        }
    }
    Ok(())
}

fn rust() -> Result<()> {
    run(cargo().args(["fmt", "--check"]))?;
    // The tests that watch the dependency graph read it for every target, without the network.
    run(cargo().args(["fetch", "--locked"]))?;
    apt_for_tests()?;
    let dbt = python_packages("dbt", &DBT)?;
    run(cargo()
        .args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"])
        .env("MIRANTE_DBT", dbt.join("bin/dbt")))
}

/// The platform database is tested on a real PostgreSQL too; databases as sources on PostgreSQL and MariaDB. The tests start servers of their
/// own: of MariaDB the programs alone are installed, without a service.
fn apt_for_tests() -> Result<()> {
    let has_postgres = std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut versions| {
        versions.any(|version| version.is_ok_and(|version| version.path().join("bin/initdb").is_file()))
    });
    let has_mariadb = ["/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db", "/usr/bin/my_print_defaults"]
        .iter()
        .all(|program| Path::new(program).is_file());
    let mut missing = Vec::new();
    if !has_postgres {
        missing.push("postgresql");
    }
    if !has_mariadb {
        missing.extend(["mariadb-server-core", "mariadb-client-core"]);
    }
    if missing.is_empty() { Ok(()) } else { apt_install(&missing) }
}

fn xtask() -> Result<()> {
    run(cargo().args(["test", "--package", "xtask"]))
}

fn browser() -> Result<()> {
    let end2end = root().join("end2end");
    npm_packages(&end2end)?;
    let chromium = chromium()?;
    let binary = build_for_tests()?;
    run(Command::new("npx")
        .args(["--no-install", "playwright", "test"])
        .env("CHROMIUM", chromium)
        .env("MIRANTE", binary)
        .current_dir(end2end))
}
