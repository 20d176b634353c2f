//! Property files, good and bad. Invariant: every form of a data test that dbt accepts reads the same here.

use super::*;

fn tests(yaml: &str) -> Vec<TestDecl> {
    let text =
        format!("models:\n  - name: orders\n    columns:\n      - name: status\n        data_tests:\n{yaml}");
    parse("schema.yml", &text).unwrap().models.remove(0).tests
}

#[test]
fn test_flat_and_arguments_forms_read_the_same() {
    let flat =
        tests("          - accepted_values:\n              values: [a, b]\n              severity: warn\n");
    let nested = tests(
        "          - accepted_values:\n              arguments:\n                values: [a, b]\n              config: {severity: warn}\n",
    );
    for found in [&flat[0], &nested[0]] {
        assert_eq!(found.test, "accepted_values");
        assert_eq!(found.column.as_deref(), Some("status"));
        assert_eq!(Json::from(found.arguments.clone()).to_string(), r#"{"values":["a","b"]}"#);
        assert_eq!(found.settings, [("severity".to_owned(), Json::from("warn"))]);
    }
}

#[test]
fn test_bare_named_and_test_name_forms_are_read() {
    let found = tests(
        "          - unique\n          - not_null:\n          - not_null: {name: has_status}\n          - name: only_ok\n            test_name: accepted_values\n            arguments: {values: [ok]}\n",
    );
    let names: Vec<_> = found.iter().map(|test| (test.test.as_str(), test.name.as_deref())).collect();
    assert_eq!(
        names,
        [
            ("unique", None),
            ("not_null", None),
            ("not_null", Some("has_status")),
            ("accepted_values", Some("only_ok"))
        ]
    );
}

#[test]
fn source_table_inherits_and_null_switches_off() {
    let found = parse(
        "s.yml",
        "sources:\n  - name: crm\n    schema: raw\n    loaded_at_field: _mirante_loaded_at\n    freshness: {warn_after: {count: 12, period: hour}}\n    tables:\n      - {name: deals, identifier: crm__deals}\n      - {name: notes, freshness: null}\n",
    )
    .unwrap()
    .sources;
    assert_eq!((found[0].schema.as_str(), found[0].identifier.as_str()), ("raw", "crm__deals"));
    assert_eq!(found[0].loaded_at_field.as_deref(), Some("_mirante_loaded_at"));
    let age = found[0].freshness.as_ref().unwrap().warn_after.as_ref().unwrap();
    assert_eq!((age.count, age.period), (12, AgeUnit::Hour));
    assert_eq!(found[1].freshness, None);
}

fn check(yaml: &str, message: &str) {
    assert_eq!(parse("m/s.yml", yaml).unwrap_err().to_string(), message);
}

#[test]
fn properties_wrong_are_pointed_at() {
    check("models:\n  - description: x\n", "m/s.yml:2:5: this model has no `name`; add one");
    check("models: {name: a}\n", "m/s.yml:1:9: `models` must be a list; begin each entry with `- `");
    check("- a\n", "m/s.yml:1:1: a property file is a map with keys such as `models:` or `sources:`");
    check(
        "models:\n  - name: a\n    tests:\n      - unique: 3\n",
        "m/s.yml:4:17: arguments of `unique` must be a map, such as `arguments: {…}`",
    );
    check(
        "models:\n  - name: a\n    tests:\n      - unique:\n        where: x\n",
        "m/s.yml:4:9: this data test has several names; indent its arguments below its name",
    );
    check(
        "sources:\n  - name: s\n    freshness: {warn_after: {count: 1, period: week}}\n",
        "m/s.yml:3:29: `period` must be minute, hour or day",
    );
}

#[test]
fn unknown_keys_are_left_alone() {
    let found =
        parse("s.yml", "version: 2\nsemantic_models: [{name: x}]\nmodels: [{name: a, access: public}]\n")
            .unwrap();
    assert_eq!(found.models[0].name, "a");
}
