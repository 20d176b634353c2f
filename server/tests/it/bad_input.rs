//! Wrong use gets one line that says what, where and the remedy, and changes nothing.

use crate::workspace::{Workspace, root};

const PROJECT: &str = "name: teste\nversion: '1.0'\nmodel-paths: [models]\nmodels:\n  teste:\n    +schema: marts\n    +materialized: table\n";

/// A workspace whose one pack has published an edition.
pub fn published() -> (Workspace, std::path::PathBuf) {
    let workspace = Workspace::new();
    let files = workspace.folder("files");
    std::fs::write(
        files.join("sales.csv"),
        "id;day;uf;amount\n1;01/02/2026;SP;10,50\n2;02/02/2026;PR;20,25\n",
    )
    .unwrap();
    let pack = workspace.folder("pack");
    std::fs::create_dir_all(pack.join("models")).unwrap();
    std::fs::create_dir_all(pack.join("metrics")).unwrap();
    std::fs::write(pack.join("dbt_project.yml"), PROJECT).unwrap();
    std::fs::write(
        pack.join("models/sources.yml"),
        "sources:\n  - name: shop\n    schema: raw\n    tables:\n      - name: sales\n        identifier: shop__sales\n",
    )
    .unwrap();
    std::fs::write(
        pack.join("models/fct_sales.sql"),
        "select id, day, uf, cast(amount as decimal(18, 2)) as amount from {{ source('shop', 'sales') }}\n",
    )
    .unwrap();
    std::fs::write(
        pack.join("metrics/sales.yml"),
        "semantic_models:\n  - name: sales\n    model: ref('fct_sales')\n    defaults: {agg_time_dimension: day}\n    entities: [{name: sale, type: primary, expr: id}]\n    dimensions:\n      - {name: day, type: time, type_params: {time_granularity: day}}\n      - {name: uf, type: categorical}\n    measures: [{name: amount, agg: sum}]\nmetrics:\n  - {name: revenue, label: Receita, type: simple, type_params: {measure: amount}}\n",
    )
    .unwrap();
    workspace.run_pack(pack.to_str().unwrap(), "shop", &files);
    (workspace, pack)
}

pub fn revenue(workspace: &Workspace) -> String {
    workspace.succeeds(&[
        "query",
        "--metric",
        "revenue",
        "--from",
        "2026-02-01",
        "--to",
        "2026-02-28",
        "--format",
        "csv",
    ])
}

pub fn assert_says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "`{error}` does not say `{word}`");
    }
}

#[test]
fn query_with_wrong_words_names_them_and_the_nearest() {
    let (workspace, _) = published();
    let query = |arguments: &[&str]| {
        workspace.fails(1, &[&["query", "--from", "2026-02-01", "--to", "2026-02-28"], arguments].concat())
    };
    assert_says(&query(&["--metric", "revenu"]), &["`revenu`", "did you mean `revenue`"]);
    assert_says(&query(&["--metric", "revenue", "--by", "uff"]), &["uff", "uf"]);
    let upside_down =
        workspace.fails(1, &["query", "--metric", "revenue", "--from", "2026-02-28", "--to", "2026-02-01"]);
    assert_says(&upside_down, &["2026-02-28", "swap"]);
    assert_says(&query(&["--metric", "revenue", "--by", "uf", "--limit", "1000000000"]), &["1000000000"]);
}

#[test]
fn pack_that_breaks_leaves_the_published_edition_and_says_where() {
    let (workspace, pack) = published();
    let before = revenue(&workspace);
    assert!(before.contains("30.75"), "{before}");
    let model = pack.join("models/fct_sales.sql");
    let good = std::fs::read_to_string(&model).unwrap();
    let other = pack.join("models/other.sql");
    std::fs::write(&other, "select * from {{ ref('fct_sales') }}").unwrap();
    std::fs::write(&model, "select * from {{ ref('other') }}").unwrap();
    assert_says(&workspace.fails(1, &["run"]), &["fct_sales", "other"]);
    std::fs::remove_file(other).unwrap();
    let cases: [(&str, &[&str]); 4] = [
        ("select id, day, uf, amont as amount from {{ source('shop', 'sales') }}", &["fct_sales", "amont"]),
        ("select * from {{ ref('fct_sale') }}", &["fct_sale"]),
        ("select * from {{ ref('fct_sales') }}", &["fct_sales"]),
        ("select {{ 1 + }} as id", &["fct_sales.sql"]),
    ];
    for (sql, words) in cases {
        std::fs::write(&model, sql).unwrap();
        assert_says(&workspace.fails(1, &["run"]), words);
        assert_eq!(revenue(&workspace), before, "readers stay on the last good edition");
    }
    std::fs::write(&model, &good).unwrap();
    std::fs::write(pack.join("models/broken.yml"), "models:\n  - name: [\n").unwrap();
    assert_says(&workspace.fails(1, &["run"]), &["broken.yml"]);
    std::fs::remove_file(pack.join("models/broken.yml")).unwrap();
    std::fs::write(
        pack.join("metrics/more.yml"),
        "metrics:\n  - {name: lost, label: Perdida, type: simple, type_params: {measure: nothing}}\n",
    )
    .unwrap();
    assert_says(&workspace.fails(1, &["run"]), &["more.yml", "nothing"]);
    std::fs::remove_file(pack.join("metrics/more.yml")).unwrap();
    let metrics = pack.join("metrics/sales.yml");
    let text = std::fs::read_to_string(&metrics).unwrap();
    std::fs::write(&metrics, text.replace("agg: sum}", "agg: sum, expr: amont}")).unwrap();
    assert_says(&workspace.fails(1, &["run"]), &["sales.yml", "amont"]);
    std::fs::write(&metrics, text).unwrap();
    assert_eq!(revenue(&workspace), before);
}

#[test]
fn check_that_fails_holds_the_edition_back() {
    let (workspace, pack) = published();
    let before = revenue(&workspace);
    std::fs::write(
        pack.join("models/schema.yml"),
        "models:\n  - name: fct_sales\n    columns:\n      - name: uf\n        data_tests:\n          - accepted_values: {arguments: {values: ['SP']}}\n",
    )
    .unwrap();
    assert_says(&workspace.fails(1, &["run"]), &["accepted_values", "uf"]);
    assert_eq!(revenue(&workspace), before);
    std::fs::remove_file(pack.join("models/schema.yml")).unwrap();
}

#[test]
fn usage_that_is_wrong_ends_with_2_and_the_remedy() {
    let workspace = Workspace::new();
    assert_says(&workspace.fails(2, &["pack", "add", "nowhere"]), &["nowhere", "existing folder"]);
    assert_says(
        &workspace.fails(2, &["source", "add", "files", "--name", "x", "--path", "nowhere"]),
        &["nowhere"],
    );
    assert_says(&workspace.fails(1, &["run"]), &["mirante pack add"]);
    let empty = workspace.folder("empty");
    assert_says(&workspace.fails(1, &["pack", "add", empty.to_str().unwrap()]), &["dbt_project.yml"]);
    let crm = root().join("packs/examples/crm");
    workspace.succeeds(&["pack", "add", crm.to_str().unwrap()]);
    assert_says(&workspace.fails(1, &["pack", "add", crm.to_str().unwrap()]), &["already", "crm"]);
}
