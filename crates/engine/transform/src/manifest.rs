//! dbt's `manifest.json` (schema v12, its main keys): for catalogues, lineage and other tools.
//!
//! Does not hold anything that the project does not. Invariant: `parent_map` and `child_map` tell the graph that was built.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};

use crate::data_tests::{TestKind, TestNode};
use crate::load::Project;
use crate::node::{Column, Node, Source};

/// The manifest as JSON. `compiled`: unique id → SQL as it ran.
pub fn manifest(
    project: &Project,
    compiled: &BTreeMap<String, String>,
    generated_at: DateTime<Utc>,
    invocation: &str,
) -> Json {
    let mut nodes: Map<String, Json> = project
        .nodes
        .values()
        .map(|node| (node.id.clone(), node_json(node, compiled.get(&node.id))))
        .collect();
    nodes.extend(project.tests.values().map(|test| (test.id.clone(), test_json(test))));
    let sources: Map<String, Json> =
        project.sources.values().map(|source| (source.id.clone(), source_json(source))).collect();
    let exposures: Map<String, Json> = project
        .exposures
        .iter()
        .map(|exposure| {
            let mut raw = exposure.raw.clone();
            raw["unique_id"] = Json::from(exposure.id.clone());
            raw["resource_type"] = Json::from("exposure");
            raw["depends_on"] = json!({"macros": [], "nodes": exposure.depends_on});
            (exposure.id.clone(), raw)
        })
        .collect();
    let ids = || nodes.keys().chain(sources.keys()).chain(exposures.keys());
    let parents: Map<String, Json> =
        ids().map(|id| (id.clone(), project.graph.parents(id).collect::<Vec<_>>().into())).collect();
    let children: Map<String, Json> =
        ids().map(|id| (id.clone(), project.graph.children(id).collect::<Vec<_>>().into())).collect();
    let macros: Map<String, Json> = project
        .engine
        .macros()
        .all()
        .map(|(package, name, info)| {
            let id = format!("macro.{package}.{name}");
            let json = json!({
                "unique_id": id, "name": name, "package_name": package, "resource_type": "macro",
                "original_file_path": info.file, "path": info.file, "line": info.line,
            });
            (id, json)
        })
        .collect();
    json!({
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": "1.11.0",
            "generated_at": generated_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
            "invocation_id": invocation,
            "project_name": project.name,
            "adapter_type": "datafusion",
            "generated_by": "mirante",
            "env": {},
        },
        "nodes": nodes, "sources": sources, "macros": macros, "exposures": exposures,
        "docs": {}, "metrics": {}, "groups": {}, "selectors": {}, "disabled": {}, "group_map": {},
        "saved_queries": {}, "semantic_models": {}, "unit_tests": {}, "functions": {},
        "parent_map": parents, "child_map": children,
    })
}

fn columns(columns: &[Column]) -> Json {
    let all: Map<String, Json> = columns
        .iter()
        .map(|column| {
            let json = json!({
                "name": column.name, "description": column.description, "data_type": column.data_type,
                "meta": column.meta, "tags": column.tags, "constraints": [], "quote": null,
            });
            (column.name.clone(), json)
        })
        .collect();
    Json::Object(all)
}

fn node_json(node: &Node, compiled: Option<&String>) -> Json {
    let mut config = node.settings.clone();
    config.insert("materialized".to_owned(), node.materialized.word().into());
    config.insert("enabled".to_owned(), true.into());
    json!({
        "unique_id": node.id, "resource_type": node.kind.word(), "package_name": node.package, "fqn": node.fqn,
        "database": "", "schema": node.relation.schema, "alias": node.relation.name, "name": node.name,
        "relation_name": node.relation.quoted(), "description": node.description, "columns": columns(&node.columns),
        "tags": node.tags, "meta": node.meta, "config": config,
        "depends_on": {"macros": [], "nodes": node.depends_on},
        "raw_code": node.raw_code, "compiled": compiled.is_some(), "compiled_code": compiled,
        "checksum": {"name": "sha256", "checksum": node.checksum}, "language": "sql",
        "path": node.file, "original_file_path": node.file,
        "patch_path": node.patch.as_ref().map(|place| format!("{}://{}", node.package, place.file)),
    })
}

fn source_json(source: &Source) -> Json {
    json!({
        "unique_id": source.id, "resource_type": "source", "package_name": source.package,
        "fqn": [source.package, source.source, source.table],
        "database": "", "schema": source.relation.schema, "identifier": source.relation.name, "name": source.table,
        "source_name": source.source, "source_description": source.source_description,
        "relation_name": source.relation.quoted(), "description": source.description,
        "columns": columns(&source.columns), "tags": source.tags, "meta": source.meta,
        "loaded_at_field": source.loaded_at_field, "freshness": source.freshness,
        "path": source.place.file, "original_file_path": source.place.file,
    })
}

fn test_json(test: &TestNode) -> Json {
    let metadata = match &test.kind {
        TestKind::Generic { test: rule, package, .. } => json!({
            "name": rule,
            "namespace": (package != "dbt").then_some(package),
            "kwargs": with_column(test),
        }),
        TestKind::Singular => Json::Null,
    };
    json!({
        "unique_id": test.id, "resource_type": "test", "package_name": test.package, "fqn": test.fqn,
        "name": test.name, "alias": test.name, "description": test.description, "tags": test.tags,
        "column_name": test.column, "attached_node": test.attached, "test_metadata": metadata,
        "depends_on": {"macros": [], "nodes": test.depends_on},
        "config": {
            "severity": match test.config.severity {
                crate::data_tests::Severity::Warn => "WARN",
                crate::data_tests::Severity::Error => "ERROR",
            },
            "where": test.config.where_sql, "limit": test.config.limit, "fail_calc": test.config.fail_calc,
            "warn_if": test.config.warn_if, "error_if": test.config.error_if,
            "store_failures": test.config.store_failures, "materialized": "test", "enabled": true,
        },
        "path": test.place.file, "original_file_path": test.place.file,
    })
}

fn with_column(test: &TestNode) -> Map<String, Json> {
    let mut arguments = test.raw_arguments.clone();
    if let Some(column) = &test.column {
        arguments.insert("column_name".to_owned(), column.clone().into());
    }
    arguments
}
