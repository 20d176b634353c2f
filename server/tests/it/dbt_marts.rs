//! dbt Core and Mirante make the same marts of the same files, row for row.

use crate::workspace::{Workspace, root, shared_data};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python beside the dbt that `MIRANTE_DBT` names; `cargo xtask test` installs it.
fn python() -> Option<PathBuf> {
    let dbt = std::env::var_os("MIRANTE_DBT").map(PathBuf::from);
    if dbt.is_none() {
        println!("skipped: MIRANTE_DBT names no dbt");
    }
    Some(dbt?.with_file_name("python"))
}

fn same_marts(pack: &str, source: &str, files: &Path) {
    let Some(python) = python() else { return };
    let workspace = Workspace::new();
    workspace.run_pack(pack, source, files);
    let output = Command::new(python)
        .arg(root().join("server/tests/it/dbt_marts.py"))
        .arg(root().join(pack))
        .arg(source)
        .arg(files)
        .arg(workspace.lake())
        .output()
        .expect("python starts");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success(), "{said}");
}

#[test]
fn crm_marts_equal_those_of_dbt_core() {
    if let Some(files) = shared_data("crm") {
        same_marts("packs/examples/crm", "crm", &files);
    }
}

#[test]
fn retail_marts_equal_those_of_dbt_core() {
    if let Some(file) = shared_data("online_retail_uci352.parquet") {
        let workspace = Workspace::new();
        let files = workspace.folder("retail");
        std::fs::copy(&file, files.join("online_retail_uci352.parquet")).expect("the file can be copied");
        same_marts("packs/examples/retail", "retail", &files);
    }
}
