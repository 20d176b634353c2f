//! README.md and the exports agree: every stream is there, with the columns that are written down.

use std::path::Path;

use crate::reading::{files, text};
use crate::{company, write};

const FOLDERS: [(&str, &str); 14] = [
    ("ploomes", "deals"),
    ("ploomes", "deal_stage_history"),
    ("ploomes", "quotes"),
    ("sap", "ordr"),
    ("sap", "rdr1"),
    ("sap", "odln"),
    ("sap", "dln1"),
    ("sap", "oinv"),
    ("sap", "inv1"),
    ("sap", "orin"),
    ("sap", "rin1"),
    ("sap", "jdt1"),
    ("atendimento", "messages"),
    ("atendimento", "statuses"),
];

/// (source, stream, its line in README.md) of each stream that README.md tells of.
fn described(readme: &str) -> Vec<(String, String, String)> {
    let mut source = "";
    let mut streams = Vec::new();
    for line in readme.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            source = ["ploomes", "sap", "atendimento", "planilhas"]
                .into_iter()
                .find(|source| heading.contains(&format!("`{source}`")))
                .unwrap_or("");
        }
        if let Some(rest) = line.strip_prefix("| `").filter(|_| !source.is_empty()) {
            let name = rest.split('`').next().unwrap();
            let stream = name.trim_end_matches('/').trim_end_matches(".csv").trim_end_matches(".xlsx");
            streams.push((source.to_owned(), stream.to_owned(), line.to_owned()));
        }
    }
    streams
}

#[test]
fn readme_names_every_stream_and_column() {
    let dir = tempfile::tempdir().unwrap();
    write(&company(0.02, 7), dir.path());
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let described = described(&readme);
    for (source, stream, line) in &described {
        if dir.path().join(source).join(format!("{stream}.xlsx")).is_file() {
            continue;
        }
        for file in files(dir.path(), source, stream) {
            let text = text(&file);
            let columns: Vec<&str> = text.lines().next().unwrap().split([';', ',']).collect();
            for column in columns {
                assert!(line.contains(column), "README.md misses column `{column}` of `{source}.{stream}`");
            }
        }
    }
    for source in ["ploomes", "sap", "atendimento", "planilhas"] {
        for entry in std::fs::read_dir(dir.path().join(source)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let stream = name.trim_end_matches(".csv").trim_end_matches(".xlsx");
            assert!(
                described.iter().any(|(of, told, _)| of == source && told == stream),
                "README.md misses `{source}/{name}`"
            );
        }
    }
}

#[test]
fn folders_hold_closed_years_and_months_of_this_one() {
    let dir = tempfile::tempdir().unwrap();
    write(&company(0.02, 7), dir.path());
    for (source, stream) in FOLDERS {
        let names: Vec<String> = files(dir.path(), source, stream)
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        for wanted in ["_2023.", "_2024.", "_2025.", "_2026-01.", "_2026-06."] {
            assert!(names.iter().any(|name| name.contains(wanted)), "{stream} has no {wanted}");
        }
        assert_eq!(
            names.iter().any(|name| name.contains("2026-03_reexportacao")),
            matches!(stream, "oinv" | "inv1")
        );
    }
}

#[test]
fn progress_rises_to_the_total() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    simulators::write_exports(&company(0.02, 7), dir.path(), &simulators::Part::ALL, &mut |done, total| {
        seen.push((done, total))
    })
    .unwrap();
    assert!(seen.is_sorted());
    assert!(seen.len() > 5);
    assert_eq!(seen.last().map(|(done, total)| done == total), Some(true));
}
