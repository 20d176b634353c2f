//! Views, tables and incremental tables over several runs.
//!
//! Invariant: a second run over the same rows changes nothing.

use lake::{Relation, TableName};

use crate::shop::Shop;

const ORDERS: &str = "models:\n  - name: orders\nsources:\n  - name: crm\n    schema: raw\n    tables: [{name: deals, identifier: crm__deals}]\n";

async fn shop(model: &str) -> Shop {
    let mut shop = Shop::new(&[("models/orders.sql", model), ("models/schema.yml", ORDERS)]).await;
    shop.raw("raw.crm__deals", "select * from (values (1, 'a', 10), (2, 'b', 20)) as t(id, who, at)").await;
    shop
}

async fn check(shop: &Shop, expected: &[&str]) {
    assert_eq!(shop.rows("select * from marts.orders order by 1, 2, 3").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn view_shows_new_rows_without_a_build() {
    let mut shop =
        shop("{{ config(materialized='view') }} select id from {{ source('crm', 'deals') }}").await;
    shop.built("").await;
    assert!(matches!(shop.relations[&TableName::new("marts", "orders")], Relation::View { .. }));
    shop.raw("raw.crm__deals", "select 9 as id").await;
    assert_eq!(shop.rows("select * from marts.orders").await, ["9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn table_is_made_anew() {
    let mut shop = shop("select id, who from {{ source('crm', 'deals') }};\n").await;
    shop.built("").await;
    shop.raw("raw.crm__deals", "select 9 as id, 'z' as who").await;
    shop.built("").await;
    check_two(&shop, &["9|z"]).await;
}

async fn check_two(shop: &Shop, expected: &[&str]) {
    assert_eq!(shop.rows("select * from marts.orders order by 1, 2").await, expected);
}

const APPEND: &str = "{{ config(materialized='incremental') }}
select * from {{ source('crm', 'deals') }}
{% if is_incremental() %} where at > (select max(at) from {{ this }}) {% endif %}";

#[tokio::test(flavor = "multi_thread")]
async fn incremental_append_takes_only_new_rows() {
    let mut shop = shop(APPEND).await;
    shop.built("").await;
    shop.built("").await;
    check(&shop, &["1|a|10", "2|b|20"]).await;
    shop.raw("raw.crm__deals", "select * from (values (1, 'late', 5), (3, 'c', 30)) as t(id, who, at)").await;
    shop.built("").await;
    check(&shop, &["1|a|10", "2|b|20", "3|c|30"]).await;
    shop.context.full_refresh = true;
    shop.built("").await;
    check(&shop, &["1|late|5", "3|c|30"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incremental_onto_the_edition_forgets_a_failed_run() {
    let mut shop = shop(APPEND).await;
    shop.built("").await;
    let edition = shop.relations.clone();
    shop.raw("raw.crm__deals", "select 3 as id, 'never published' as who, 30 as at").await;
    shop.built("").await;
    shop.relations = edition;
    shop.raw("raw.crm__deals", "select 4 as id, 'd' as who, 40 as at").await;
    shop.built("").await;
    check(&shop, &["1|a|10", "2|b|20", "4|d|40"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incremental_merge_replaces_rows_by_key() {
    let model = "{{ config(materialized='incremental', unique_key='id') }} select * from {{ source('crm', 'deals') }}";
    let mut shop = shop(model).await;
    shop.built("").await;
    shop.raw("raw.crm__deals", "select * from (values (2, 'B', 25), (3, 'c', 30)) as t(id, who, at)").await;
    shop.built("").await;
    check(&shop, &["1|a|10", "2|B|25", "3|c|30"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incremental_delete_insert_by_two_keys() {
    let model = "{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['id', 'who']) }} select * from {{ source('crm', 'deals') }}";
    let mut shop = shop(model).await;
    shop.built("").await;
    shop.raw("raw.crm__deals", "select * from (values (2, 'b', 99), (2, 'x', 1)) as t(id, who, at)").await;
    shop.built("").await;
    check(&shop, &["1|a|10", "2|b|99", "2|x|1"]).await;
}

async fn changed(on_change: &str, second: &str) -> (Shop, Option<String>) {
    let config = format!(
        "{{{{ config(materialized='incremental', unique_key='id', on_schema_change='{on_change}') }}}} "
    );
    let mut shop = shop(&format!("{config} select id, who, at from {{{{ source('crm', 'deals') }}}}")).await;
    shop.built("").await;
    shop.file("models/orders.sql", &format!("{config} {second}"));
    let built = shop.build("").await;
    let message = built.results[0].error.as_ref().map(ToString::to_string);
    (shop, message)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_schema_change_ignore_keeps_the_columns() {
    let (shop, message) = changed("ignore", "select 2 as id, 'n' as who, 1 as at, true as extra").await;
    assert_eq!(message, None);
    check(&shop, &["1|a|10", "2|n|1"]).await;
    let (_, message) = changed("ignore", "select 2 as id, 'n' as who").await;
    assert_eq!(
        message.unwrap(),
        "models/orders.sql: `orders`: the model no longer gives `at`; select it again, set `on_schema_change`, or run with full refresh"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_schema_change_fail_says_what_changed() {
    let (shop, message) = changed("fail", "select 2 as id, 'n' as who, true as extra").await;
    assert_eq!(
        message.unwrap(),
        "models/orders.sql: `orders`: the columns changed (new: `extra`; gone: `at`); run with full refresh, or set another `on_schema_change`"
    );
    check(&shop, &["1|a|10", "2|b|20"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_schema_change_append_adds_columns() {
    let (shop, message) = changed("append_new_columns", "select 2 as id, 'n' as who, true as extra").await;
    assert_eq!(message, None);
    assert_eq!(
        shop.rows("select id, who, at, extra from marts.orders order by 1").await,
        ["1|a|10|∅", "2|n|∅|true"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_schema_change_sync_adds_and_drops_columns() {
    let (shop, message) = changed("sync_all_columns", "select 2 as id, 'n' as who, true as extra").await;
    assert_eq!(message, None);
    assert_eq!(shop.rows("select * from marts.orders order by 1").await, ["1|a|∅", "2|n|true"]);
}
