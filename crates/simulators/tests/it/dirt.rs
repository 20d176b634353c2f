//! Every kind of dirt is in the exports, also of a small company.

use std::collections::{BTreeMap, BTreeSet};

use crate::reading::{files, month, newest, rows, text};
use crate::{company, write};

#[test]
fn every_kind_of_dirt_is_there() {
    let dir = tempfile::tempdir().unwrap();
    write(&company(0.02, 7), dir.path());
    let dir = dir.path();

    for (source, stream) in [
        ("ploomes", "deals"),
        ("sap", "oinv"),
        ("sap", "inv1"),
        ("sap", "jdt1"),
        ("sap", "ordr"),
        ("atendimento", "messages"),
    ] {
        let (_, broken) = rows(dir, source, stream);
        assert!((3..40).contains(&broken), "{stream} has {broken} broken lines");
        let all: String = files(dir, source, stream).iter().map(|path| text(path)).collect();
        assert!(all.contains("Total de registros: "), "{stream}");
        assert!(all.contains("31/02/2025") || all.contains("2025-02-31"), "{stream}");
        assert!(all.contains("N/D"), "{stream}");
    }
    for (source, stream, key) in
        [("ploomes", "deals", "Id"), ("sap", "oinv", "DocEntry"), ("atendimento", "messages", "id")]
    {
        let copies = rows(dir, source, stream).0.len() - newest(dir, source, stream, &[key]).len();
        assert!(copies > 10, "{stream} has {copies} copies");
    }
}

#[test]
fn late_rows_sit_in_the_next_file() {
    let dir = tempfile::tempdir().unwrap();
    write(&company(0.1, 7), dir.path());
    let mut late = 0;
    for (file, earlier) in [("2026-03", "2026-02"), ("2026-05", "2026-04"), ("2026-06", "2026-05")] {
        let text = text(&dir.path().join(format!("sap/oinv/OINV_{file}.csv")));
        let days = text.lines().skip(1).filter_map(|line| line.split(';').nth(3));
        late += days.filter(|day| day.len() == 10 && month(day) == earlier).count();
    }
    assert!(late > 0);
}

#[test]
fn corrected_rows_change_values_and_date() {
    let dir = tempfile::tempdir().unwrap();
    write(&company(0.1, 7), dir.path());
    let mut editions: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for row in rows(dir.path(), "sap", "oinv").0 {
        editions
            .entry(row["DocEntry"].clone())
            .or_default()
            .insert((row["UpdateDate"].clone(), row["DocTotal"].clone()));
    }
    assert!(editions.values().filter(|seen| seen.len() > 1).count() > 3);
    let mut states: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(dir.path(), "ploomes", "deals").0 {
        states.entry(row["Id"].clone()).or_default().insert(row["StatusId"].clone());
    }
    assert!(states.values().filter(|seen| seen.len() > 1).count() > 10);
}

#[test]
fn second_spellings_are_all_in_the_list() {
    let dir = tempfile::tempdir().unwrap();
    write(&company(0.1, 7), dir.path());
    let dir = dir.path();
    let listed: BTreeSet<(String, String)> = rows(dir, "planilhas", "de_para")
        .0
        .iter()
        .map(|row| (row["Tipo"].clone(), row["De"].clone()))
        .collect();
    let cities: BTreeSet<&str> =
        simulators::company::places::PLACES.iter().flat_map(|place| place.cities).copied().collect();
    let mut odd = [0, 0, 0];
    for row in rows(dir, "sap", "ocrd").0 {
        if !cities.contains(row["City"].as_str()) {
            assert!(listed.contains(&("cidade".into(), row["City"].clone())), "{}", row["City"]);
            odd[0] += 1;
        }
        if !simulators::company::CHANNELS.contains(&row["U_Canal"].as_str()) {
            assert!(listed.contains(&("canal".into(), row["U_Canal"].clone())));
            odd[1] += 1;
        }
    }
    for row in rows(dir, "ploomes", "deals").0 {
        if !row["ProdutoCodigo"].starts_with('P') {
            assert_eq!(row["ProdutoCodigo"].trim().to_uppercase().len(), 5);
            odd[2] += 1;
        }
    }
    assert!(odd.iter().all(|count| *count > 5), "{odd:?}");
}

#[test]
fn encodings_are_those_of_the_systems() {
    let dir = tempfile::tempdir().unwrap();
    write(&company(0.02, 7), dir.path());
    let bytes = |path: &str| std::fs::read(dir.path().join(path)).unwrap();
    assert!(bytes("ploomes/contacts.csv").starts_with(b"\xef\xbb\xbf"));
    assert!(String::from_utf8(bytes("sap/ocrd.csv")).is_err());
    assert!(String::from_utf8(bytes("atendimento/agents.csv")).is_ok());
    assert!(bytes("planilhas/metas.xlsx").starts_with(b"PK"));
    assert!(text(&dir.path().join("sap/ocrd.csv")).contains("Educação"));
    assert!(text(&dir.path().join("ploomes/contacts.csv")).contains("\"\"Matriz\"\"; filial 2"));
}
