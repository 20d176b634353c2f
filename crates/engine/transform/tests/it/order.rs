//! Order, side by side, failure below, cancellation, progress.
//!
//! Invariant: a parent is finished before its child starts.

use transform::Status;

use crate::shop::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn diamond_is_built_parents_first() {
    let mut shop = Shop::new(&[
        ("models/a.sql", "select 1 as x"),
        ("models/b.sql", "select x + 1 as x from {{ ref('a') }}"),
        ("models/c.sql", "select x + 2 as x from {{ ref('a') }}"),
        ("models/d.sql", "select b.x * c.x as x from {{ ref('b') }} as b cross join {{ ref('c') }} as c"),
    ])
    .await;
    shop.context.threads = 4;
    shop.built("").await;
    assert_eq!(shop.rows("select x from marts.d").await, ["6"]);
    let told = shop.told.lock().unwrap().clone();
    let at = |text: &str| {
        told.iter().position(|line| line.starts_with(text)).unwrap_or_else(|| panic!("{text}: {told:?}"))
    };
    assert!(at("Success a") < at("start b") && at("Success a") < at("start c"));
    // Side by side: both start before either is finished.
    assert!(at("start b").max(at("start c")) < at("Success b").min(at("Success c")), "{told:?}");
    assert_eq!(told.last().unwrap(), "Success d 4/4");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_model_skips_what_reads_it_and_nothing_else() {
    let mut shop = Shop::new(&[
        ("models/a.sql", "select cast('x' as integer) as x"),
        ("models/b.sql", "select x from {{ ref('a') }}"),
        ("models/c.sql", "select x from {{ ref('b') }}"),
        ("models/other.sql", "select 1 as x"),
    ])
    .await;
    let built = shop.build("").await;
    let mut found: Vec<(&str, Status)> =
        built.results.iter().map(|result| (result.name.as_str(), result.status)).collect();
    found.sort_unstable_by_key(|(name, _)| *name);
    assert_eq!(
        found,
        [("a", Status::Error), ("b", Status::Skipped), ("c", Status::Skipped), ("other", Status::Success)]
    );
    let skipped = built.results.iter().find(|result| result.name == "c").unwrap();
    assert_eq!(skipped.message.as_deref(), Some("skipped, because `a` failed"));
    assert!(!built.succeeded());
    assert_eq!(shop.relations.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_model_leaves_the_last_one_in_place() {
    let mut shop = Shop::new(&[("models/a.sql", "select 1 as x")]).await;
    shop.built("").await;
    shop.file(
        "models/a.sql",
        "select cast(concat('x', cast(v as varchar)) as integer) as x from (values (1)) as t(v)",
    );
    shop.build("").await;
    assert_eq!(shop.rows("select x from marts.a").await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_run_builds_nothing_more() {
    let mut shop = Shop::new(&[("models/a.sql", "select 1 as x"), ("models/b.sql", "select 2 as x")]).await;
    shop.context.cancel.cancel();
    let built = shop.build("").await;
    assert!(built.results.iter().all(|result| result.status == Status::Cancelled));
    assert_eq!(built.results.len(), 2);
    assert!(shop.relations.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn selected_model_reads_the_unselected_as_they_were() {
    let mut shop =
        Shop::new(&[("models/a.sql", "select 1 as x"), ("models/b.sql", "select x from {{ ref('a') }}")])
            .await;
    shop.built("").await;
    shop.file("models/a.sql", "select 2 as x");
    shop.built("b").await;
    assert_eq!(shop.rows("select x from marts.b").await, ["1"]);
    shop.built("+b").await;
    assert_eq!(shop.rows("select x from marts.b").await, ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn project_tells_lineage_and_manifest() {
    let shop = Shop::new(&[
        ("models/a.sql", "select * from {{ source('crm', 'deals') }}"),
        ("models/b.sql", "select * from {{ ref('a') }}"),
        ("models/words.md", "{% docs the_id %}\nThe id\n{% enddocs %}"),
        (
            "models/schema.yml",
            "sources: [{name: crm, schema: raw, tables: [{name: deals}]}]\nmodels:\n  - name: b\n    description: Best\n    columns: [{name: id, description: \"{{ doc('the_id') }}\", data_tests: [unique]}]\nexposures:\n  - {name: board, type: dashboard, owner: {email: a@b.c}, depends_on: [ref('b')]}\n",
        ),
    ])
    .await;
    let project = shop.load().unwrap();
    assert_eq!(
        project.graph.ancestors("model.shop.b", None).into_iter().collect::<Vec<_>>(),
        ["model.shop.a", "source.shop.crm.deals"]
    );
    let manifest =
        transform::manifest::manifest(&project, &std::collections::BTreeMap::new(), shop.context.now, "i");
    assert_eq!(manifest["parent_map"]["exposure.shop.board"][0], "model.shop.b");
    assert_eq!(manifest["child_map"]["source.shop.crm.deals"][0], "model.shop.a");
    assert_eq!(manifest["nodes"]["model.shop.b"]["relation_name"], "\"marts\".\"b\"");
    assert_eq!(manifest["nodes"]["model.shop.b"]["columns"]["id"]["description"], "The id");
    let test = project.tests.values().next().unwrap();
    assert_eq!(manifest["nodes"][&test.id]["test_metadata"]["kwargs"]["column_name"], "id");
}
