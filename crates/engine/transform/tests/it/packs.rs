//! The packs of this repository, as a workspace reads them.
//!
//! Does not build them: that needs data. Invariant: every pack that lies under `packs/` loads without a warning.

use std::path::{Path, PathBuf};

use transform::{Files, LoadOptions, Project};

fn packs(below: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../packs").join(below);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: there is no {}", folder.display());
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("dbt_project.yml").exists())
        .collect();
    found.sort();
    found
}

fn check(project: &Project, models: usize) {
    assert_eq!(project.warnings, Vec::<String>::new());
    assert!(project.nodes.len() >= models, "{} has {} nodes", project.name, project.nodes.len());
    assert!(project.nodes.values().all(|node| node.relation.schema != "main"), "a model without a schema");
}

#[test]
fn packs_of_the_company_load_as_one_workspace() {
    let read: Vec<(String, Files)> = packs("")
        .iter()
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), Files::from_dir(path).unwrap())
        })
        .collect();
    if read.is_empty() {
        return;
    }
    let files = Files::workspace("mirante", read.iter().map(|(name, files)| (name.as_str(), files)));
    let project = Project::load(&files, &LoadOptions::default()).unwrap();
    check(&project, read.len());
    assert!(!project.select("resource_type:model", "").unwrap().ids.is_empty());
}

#[test]
fn packs_of_the_examples_load_alone() {
    for path in packs("examples") {
        let project = Project::load_dir(&path, &LoadOptions::default());
        check(&project.unwrap_or_else(|error| panic!("{}: {error}", path.display())), 1);
    }
}
