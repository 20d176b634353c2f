//! The ledger is what a crawl finds, and what the newest rows of the file exports say: property by property, as README.md maps them.
//!
//! Invariant: every column of every stream that has an entity is compared.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use simulators::servers::{System, World};

use crate::calling::{Crm, Erp, same, world};
use crate::reading::{self, cents};

#[tokio::test]
async fn crawl_of_the_crm_finds_the_ledger() {
    let world = world();
    world.advance(1).unwrap();
    let crm = Crm::start(Arc::clone(&world)).await;
    for entity in System::Ploomes.entities() {
        let ledger = world.ledger(System::Ploomes, entity).unwrap();
        let many = [
            "OtherProperties",
            "Phones",
            "Tags",
            "Products",
            "Attachments",
            "Sections",
            "Stages",
            "Users",
            "Options",
        ];
        let there: Vec<&str> = many.into_iter().filter(|name| ledger[0].fields[*name].is_array()).collect();
        let expand = if there.is_empty() { String::new() } else { format!("$expand={}&", there.join(",")) };
        let rows = crm.all(entity, &expand).await;
        assert_eq!(rows.len(), ledger.len(), "{entity}");
        for (row, wanted) in rows.iter().zip(&ledger) {
            assert_eq!(*row, wanted.fields, "{entity} {}", wanted.key);
            assert_eq!(wanted.stamp.as_deref().is_some(), row["LastUpdateDate"].is_string());
        }
    }
}

/// A stream, the entity with its options, and (column, property, kind) of each column.
struct Mapping {
    stream: String,
    entity: String,
    columns: Vec<(String, String, String)>,
}

fn mappings(chapter: &str) -> Vec<Mapping> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let chapter = readme.split("\n## ").find(|text| text.starts_with(chapter)).unwrap();
    let tables = chapter.split("\n#### ").skip(1);
    tables
        .map(|text| {
            let (stream, entity) = text.lines().next().unwrap().split_once(" → ").unwrap();
            let rows = text.lines().filter(|line| line.starts_with("| ")).skip(1);
            let columns = rows.map(|line| {
                let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
                (cells[1].clone(), cells[2].clone(), cells[3].clone())
            });
            Mapping { stream: stream.to_owned(), entity: entity.to_owned(), columns: columns.collect() }
        })
        .collect()
}

/// What a column of a file says, in one notation for both sides.
fn of_file(text: &str, kind: &str) -> String {
    match kind {
        "amount" if text.is_empty() => "0".to_owned(),
        "amount" => cents(text).to_string(),
        "number" if !text.is_empty() => text.parse::<i64>().unwrap().to_string(),
        "date" | "moment" if !text.is_empty() => {
            format!("{}-{}-{}{}", &text[6..10], &text[3..5], &text[..2], &text[10..])
        }
        _ => text.to_owned(),
    }
}

/// What a property says, in the same notation.
fn of_row(value: &Value, kind: &str, row: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let chosen = match (kind, text) {
        ("amount", _) => {
            return ((value.as_f64().unwrap_or_default() * 100.0).round() as i64).to_string();
        }
        ("number", _) => return value.as_f64().map(|number| number.to_string()).unwrap_or_default(),
        ("moment", "") => "",
        ("moment", _) => return format!("{} {}", &text[..10], &text[11..19]),
        ("bool", _) => return if value.as_bool().unwrap() { "Sim" } else { "Não" }.to_owned(),
        ("yes", "tYES") => "Y",
        ("yes", "tNO") => "N",
        ("open", "bost_Open") => "O",
        ("open", "bost_Close") | ("partner", "cCustomer") => "C",
        ("cancel", "tYES") if row["CancelStatus"] == "csYes" => "Y",
        ("cancel", "tNO") if row["CancelStatus"] == "csCancellation" => "C",
        ("cancel", "tNO") if row["CancelStatus"] == "csNo" => "N",
        ("text" | "date", text) => text,
        other => panic!("{other:?}"),
    };
    chosen.to_owned()
}

/// Tables by which a code is turned into what it stands for.
type Codes = BTreeMap<String, Vec<Value>>;

fn property(path: &str, row: &Value, document: &Value, codes: &Codes) -> Value {
    if let Some((code, target)) = path.split_once(" → ") {
        let (table, name) = target.split_once('.').unwrap();
        let found =
            codes[table].iter().find(|other| other["Code"] == row[code] || other["Number"] == row[code]);
        return found.unwrap()[name].clone();
    }
    if let Some(name) = path.strip_prefix("../") {
        return document[name].clone();
    }
    if let Some(rest) = path.strip_prefix("OtherProperties/") {
        let (name, value) = rest.split_once('/').unwrap();
        let keys = codes["Fields"].iter().filter(|field| field["Name"] == name).map(|field| &field["Key"]);
        let keys: Vec<&Value> = keys.collect();
        let held = row["OtherProperties"].as_array().unwrap().iter();
        return held
            .filter(|held| keys.contains(&&held["FieldKey"]))
            .map(|held| held[value].clone())
            .next()
            .unwrap_or_default();
    }
    row.pointer(&format!("/{path}")).cloned().unwrap_or_default()
}

/// Compares a stream with the rows of its entity. Each row comes with its document.
fn compare(dir: &Path, source: &str, mapping: &Mapping, rows: &[(&Value, &Value)], codes: &Codes) {
    let keys: Vec<&str> = match mapping.stream.as_str() {
        "rdr1" | "dln1" | "inv1" | "rin1" | "jdt1" | "contratos_vigencias" => {
            mapping.columns[..2].iter().map(|column| column.0.as_str()).collect()
        }
        _ => vec![mapping.columns[0].0.as_str()],
    };
    let newest = reading::newest(dir, source, &mapping.stream, &keys);
    assert_eq!(newest.len(), rows.len(), "{}", mapping.stream);
    assert_eq!(newest[0].len(), mapping.columns.len(), "{}: a column is not mapped", mapping.stream);
    let mut wanted: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for row in newest {
        let values: Vec<String> =
            mapping.columns.iter().map(|(column, _, kind)| of_file(&row[column], kind)).collect();
        wanted.insert(values[..keys.len()].to_vec(), values);
    }
    for (row, document) in rows {
        let values: Vec<String> = mapping
            .columns
            .iter()
            .map(|(_, path, kind)| of_row(&property(path, row, document, codes), kind, row))
            .collect();
        assert_eq!(wanted.get(&values[..keys.len()]), Some(&values), "{}", mapping.stream);
    }
}

fn exports(world: &World) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    crate::write(&world.read().company, dir.path());
    dir
}

#[tokio::test]
async fn crm_says_what_its_exports_say() {
    let world = world();
    let dir = exports(&world);
    let crm = Crm::start(world).await;
    let codes = Codes::from([("Fields".to_owned(), crm.all("Fields", "").await)]);
    let mappings = mappings("9. ");
    assert_eq!(mappings.len(), 9);
    for mapping in mappings {
        let (entity, options) = mapping.entity.split_once('?').unwrap_or((&mapping.entity, ""));
        let options = if options.is_empty() { String::new() } else { format!("{options}&") };
        let rows = crm.all(entity, &options).await;
        let rows: Vec<(&Value, &Value)> = rows.iter().map(|row| (row, &Value::Null)).collect();
        compare(dir.path(), "ploomes", &mapping, &rows, &codes);
    }
}

/// Both at once, since the documents of the ERP are large.
#[tokio::test]
async fn crawl_of_the_erp_finds_the_ledger_and_the_exports() {
    let world = world();
    let dir = exports(&world);
    let erp = Erp::start(Arc::clone(&world)).await;
    let mut codes = Codes::new();
    for table in ["BusinessPartnerGroups", "ItemGroups"] {
        codes.insert(table.to_owned(), erp.all("v1", table, 0).await);
    }
    let mappings = mappings("10. ");
    assert_eq!(mappings.len(), 19);
    let mut compared = 0;
    for entity in System::SapB1.entities() {
        let documents = erp.all("v1", entity, 2000).await;
        let ledger = world.ledger(System::SapB1, entity).unwrap();
        assert_eq!(documents.len(), ledger.len(), "{entity}");
        for (row, wanted) in documents.iter().zip(&ledger) {
            assert!(same(row, &wanted.fields), "{entity} {}", wanted.key);
        }
        for mapping in &mappings {
            let (of, lines) = mapping.entity.split_once('/').unwrap_or((&mapping.entity, ""));
            if of != entity {
                continue;
            }
            let rows: Vec<(&Value, &Value)> = documents
                .iter()
                .flat_map(|document| match document.get(lines).and_then(Value::as_array) {
                    Some(lines) => lines.iter().map(|line| (line, document)).collect(),
                    None => vec![(document, &Value::Null)],
                })
                .collect();
            compare(dir.path(), "sap", mapping, &rows, &codes);
            compared += 1;
        }
    }
    assert_eq!(compared, mappings.len());
}
