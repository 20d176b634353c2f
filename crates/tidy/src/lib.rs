//! Reads the repository as text and as a dependency graph, for the tests that keep ARCHITECTURE.md true.
//!
//! Knows no product code. Invariant: it looks at the files that a clone has and at Cargo's own resolution, at nothing else.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A source file: its path from the root and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// All files with one of these endings, in folders that hold our own sources.
///
/// # Panics
/// When the repository cannot be read.
pub fn sources(endings: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the repository can be read") {
            let path = entry.expect("the repository can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !name.starts_with('.') && !["target", "node_modules", "mirante-data"].contains(&name) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = std::fs::read_to_string(&path).expect("a source file is UTF-8");
                let path = path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Cargo's view of the workspace.
pub struct Workspace {
    /// Package → folder from the root.
    pub folders: BTreeMap<String, String>,
    /// Package → names of what it depends on directly, outside tests.
    pub direct: BTreeMap<String, BTreeSet<String>>,
}

/// Asks Cargo.
///
/// # Panics
/// When Cargo cannot read the workspace.
pub fn workspace() -> Workspace {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let root = root();
    let mut workspace = Workspace { folders: BTreeMap::new(), direct: BTreeMap::new() };
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name").to_owned();
        let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
        let folder =
            manifest.parent().and_then(|folder| folder.strip_prefix(&root).ok()).expect("below the root");
        let direct = package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().expect("a name").to_owned())
            .collect();
        workspace.folders.insert(name.clone(), folder.to_string_lossy().into_owned());
        workspace.direct.insert(name, direct);
    }
    workspace
}

/// Package with version → the features that Cargo compiles it with below `package`, build and test dependencies included.
///
/// # Panics
/// When Cargo cannot resolve it.
pub fn features(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in cargo_tree(package, &["--edges", "normal,build,dev", "--format", "{p}|{f}"]).lines() {
        let Some((name, features)) = line.trim_end_matches(" (*)").split_once('|') else { continue };
        let mut words = name.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        let features = features.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned);
        found.entry(format!("{name} {version}")).or_default().extend(features);
    }
    // Our own rooms differ by design: `app` has `ssr` only below the server.
    let own = workspace().folders;
    found.retain(|name, _| !own.contains_key(name.split(' ').next().unwrap_or_default()));
    found
}

/// The names of all packages that `package` is built from, for this selection of features.
///
/// # Panics
/// When Cargo cannot resolve it.
pub fn tree(package: &str, arguments: &[&str]) -> BTreeSet<String> {
    cargo_tree(package, &[&["--edges", "normal", "--format", "{p}"], arguments].concat())
        .lines()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect()
}

fn cargo_tree(package: &str, arguments: &[&str]) -> String {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--offline", "--prefix", "none", "--package", package])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
