//! The machine: where things lie, running commands, and installing what is missing.
//!
//! Invariant: nothing outside the target directory and the package managers' own places is written.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Cargo's target directory, as this process's own build used it.
pub fn target_dir() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os("CARGO_TARGET_DIR") {
        let dir = PathBuf::from(dir);
        return Ok(if dir.is_absolute() { dir } else { root().join(dir) });
    }
    Ok(root().join("target"))
}

/// Cargo as a person would start it in the root of the repository.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What `cargo run` tells xtask of itself is no business of the builds that xtask starts. Build scripts that watch these variables
    // (ring's does) would run again, and everything above them would be compiled again, whenever xtask and a person take turns.
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if told.starts_with("CARGO_PKG_")
            || told.starts_with("CARGO_MANIFEST_")
            || told.starts_with("CARGO_BIN_")
        {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs the command and fails, naming it, when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status =
        command.status().with_context(|| format!("could not start {command:?}; is it installed?"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// The first line that a command prints, when it can be run and succeeds.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// Adds the WASM target where rustup manages the toolchain and has not added it from rust-toolchain.toml by itself.
pub fn wasm_target() -> Result<()> {
    let libraries = output(Command::new("rustc").args([
        "--print",
        "target-libdir",
        "--target",
        "wasm32-unknown-unknown",
    ]));
    if libraries.is_some_and(|dir| Path::new(&dir).is_dir()) {
        return Ok(());
    }
    println!("adding the WASM target");
    run(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]).current_dir(root()))
        .context("add the target yourself: rustup target add wasm32-unknown-unknown")
}

/// A Chromium to test with: `CHROMIUM`, one on the path, or Debian's package.
pub fn chromium() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    let find = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path);
    if let Some(path) = find() {
        return Ok(path);
    }
    apt_install(&["chromium"])?;
    find().context("no Chromium found; install one and name it in CHROMIUM")
}

/// What Debian's packages ask before they start a service, and the answer that none is to be started.
const POLICY: &str = "/usr/sbin/policy-rc.d";
const NO_SERVICES: &str =
    "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d";

/// Installs Debian packages, as root or through sudo without a password. Services that come along are not started.
pub fn apt_install(packages: &[&str]) -> Result<()> {
    if on_path("apt-get").is_none() {
        bail!("{} missing and apt-get is not here; install by hand", packages.join(", "));
    }
    println!("installing {}", packages.join(", "));
    let is_root = output(Command::new("id").arg("-u")).as_deref() == Some("0");
    let as_root = |program: &str, arguments: &[&str]| {
        let mut command = if is_root { Command::new(program) } else { Command::new("sudo") };
        if !is_root {
            command.args(["-n", program]);
        }
        run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null()))
    };
    as_root("apt-get", &["update", "-q"])?;
    let is_ours = !Path::new(POLICY).exists();
    if is_ours {
        as_root("sh", &["-c", NO_SERVICES])?;
    }
    let installed =
        as_root("apt-get", &[&["install", "-q", "-y", "--no-install-recommends"], packages].concat());
    if is_ours {
        as_root("rm", &["-f", POLICY])?;
    }
    installed
}

/// A Python virtual environment in the target directory with exactly these packages; kept until the list changes.
pub fn python_packages(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let dir = target_dir()?.join("python").join(name);
    let stamp = dir.join("packages.txt");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(dir);
    }
    println!("installing {} from PyPI", packages.join(", "));
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    let created = run(Command::new("python3").args(["-m", "venv"]).arg(&dir));
    if created.is_err() {
        apt_install(&["python3", "python3-venv"])?;
        run(Command::new("python3").args(["-m", "venv"]).arg(&dir))?;
    }
    run(Command::new(dir.join("bin/pip"))
        .args(["install", "-q", "--disable-pip-version-check"])
        .args(packages))?;
    std::fs::write(stamp, wanted)?;
    Ok(dir)
}

/// Installs the packages of `end2end/package-lock.json` when they are not the installed ones.
pub fn npm_packages(dir: &Path) -> Result<()> {
    let lock = std::fs::read_to_string(dir.join("package-lock.json"))?;
    let stamp = dir.join("node_modules/.installed-lock");
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == lock) {
        return Ok(());
    }
    println!("installing npm packages");
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(dir))?;
    std::fs::write(stamp, lock)?;
    Ok(())
}
