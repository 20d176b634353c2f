//! Building the binary `mirante` and starting the demo company.

use crate::machine::{cargo, run as machine_run, target_dir};
use crate::site;
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// Builds site and server in release; the binary carries everything that it needs.
pub fn build_release() -> Result<PathBuf> {
    let site = site::build()?;
    machine_run(cargo().args(["build", "--release", "--package", "server"]).env("MIRANTE_SITE", site))?;
    Ok(target_dir()?.join("release/mirante"))
}

/// Builds site and server in the profile that the tests use; this binary reads the site from its folder.
pub fn build_for_tests() -> Result<PathBuf> {
    let site = site::build()?;
    machine_run(cargo().args(["build", "--package", "server"]).env("MIRANTE_SITE", site))?;
    Ok(target_dir()?.join("debug/mirante"))
}

pub fn run(arguments: &[String]) -> Result<()> {
    let binary = build_release()?;
    machine_run(Command::new(binary).arg("demo").args(arguments))
}
