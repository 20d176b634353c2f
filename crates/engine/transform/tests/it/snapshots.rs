//! Snapshots over several runs: what held, from when, to when.
//!
//! Invariant: a run over unchanged rows changes no row.

use crate::shop::{Shop, noon};

const SOURCES: &str = "sources:\n  - name: crm\n    schema: raw\n    tables: [{name: people}]\n";
const SHOWN: &str = "select id, city, to_char(dbt_valid_from, '%m-%d') as f, to_char(dbt_valid_to, '%m-%d') as t from snapshots.people order by id, dbt_valid_from";

async fn shop(config: &str) -> Shop {
    let snapshot = format!(
        "{{% snapshot people %}}\n{{{{ config(schema='snapshots', unique_key='id', {config}) }}}}\nselect * from {{{{ source('crm', 'people') }}}}\n{{% endsnapshot %}}\n"
    );
    Shop::new(&[("snapshots/people.sql", snapshot.as_str()), ("models/sources.yml", SOURCES)]).await
}

async fn run(shop: &mut Shop, day: u32, rows: &str) {
    shop.raw(
        "raw.people",
        &format!("select id, city, cast(at as timestamp) as at from (values {rows}) as t(id, city, at)"),
    )
    .await;
    shop.context.now = noon(6, day);
    shop.built("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_check_keeps_history_over_three_runs() {
    let mut shop = shop("strategy='check', check_cols=['city']").await;
    run(&mut shop, 1, "(1, 'Curitiba', '2026-01-01'), (2, 'Santos', '2026-01-01')").await;
    run(&mut shop, 2, "(1, 'Curitiba', '2026-05-05'), (2, 'Santos', '2026-01-01')").await;
    assert_eq!(shop.rows(SHOWN).await, ["1|Curitiba|06-01|∅", "2|Santos|06-01|∅"]);
    run(&mut shop, 3, "(1, 'Londrina', '2026-01-01'), (3, 'Recife', '2026-01-01')").await;
    assert_eq!(
        shop.rows(SHOWN).await,
        ["1|Curitiba|06-01|06-03", "1|Londrina|06-03|∅", "2|Santos|06-01|∅", "3|Recife|06-03|∅"]
    );
    assert_eq!(shop.rows("select count(distinct dbt_scd_id) from snapshots.people").await, ["4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_check_sees_null_as_a_value() {
    let mut shop = shop("strategy='check', check_cols='all'").await;
    run(&mut shop, 1, "(1, 'Curitiba', '2026-01-01'), (2, cast(null as varchar), '2026-01-01')").await;
    run(&mut shop, 2, "(1, cast(null as varchar), '2026-01-01'), (2, cast(null as varchar), '2026-01-01')")
        .await;
    assert_eq!(shop.rows(SHOWN).await, ["1|Curitiba|06-01|06-02", "1|∅|06-02|∅", "2|∅|06-01|∅"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_timestamp_takes_the_rows_own_time() {
    let mut shop = shop("strategy='timestamp', updated_at='at'").await;
    run(&mut shop, 1, "(1, 'Curitiba', '2026-01-01')").await;
    run(&mut shop, 2, "(1, 'Londrina', '2026-02-02')").await;
    // Older than what holds: not a change.
    run(&mut shop, 3, "(1, 'Maringá', '2026-01-15')").await;
    assert_eq!(shop.rows(SHOWN).await, ["1|Curitiba|01-01|02-02", "1|Londrina|02-02|∅"]);
    assert_eq!(
        shop.rows("select dbt_scd_id = md5('1|2026-02-02 00:00:00') from snapshots.people where dbt_valid_to is null").await,
        ["true"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_hard_deletes_invalidate() {
    let mut shop = shop("strategy='check', check_cols=['city'], hard_deletes='invalidate'").await;
    run(&mut shop, 1, "(1, 'Curitiba', '2026-01-01'), (2, 'Santos', '2026-01-01')").await;
    run(&mut shop, 2, "(2, 'Santos', '2026-01-01')").await;
    run(&mut shop, 3, "(2, 'Santos', '2026-01-01')").await;
    assert_eq!(shop.rows(SHOWN).await, ["1|Curitiba|06-01|06-02", "2|Santos|06-01|∅"]);
    run(&mut shop, 4, "(1, 'Curitiba', '2026-01-01'), (2, 'Santos', '2026-01-01')").await;
    assert_eq!(shop.rows(SHOWN).await, ["1|Curitiba|06-01|06-02", "1|Curitiba|06-04|∅", "2|Santos|06-01|∅"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_hard_deletes_new_record() {
    let mut shop = shop("strategy='check', check_cols=['city'], hard_deletes='new_record'").await;
    run(&mut shop, 1, "(1, 'Curitiba', '2026-01-01'), (2, 'Santos', '2026-01-01')").await;
    run(&mut shop, 2, "(2, 'Santos', '2026-01-01')").await;
    run(&mut shop, 3, "(2, 'Santos', '2026-01-01')").await;
    let shown = "select id, to_char(dbt_valid_from, '%m-%d'), to_char(dbt_valid_to, '%m-%d'), dbt_is_deleted from snapshots.people order by id, dbt_valid_from";
    assert_eq!(shop.rows(shown).await, ["1|06-01|06-02|False", "1|06-02|∅|True", "2|06-01|∅|False"]);
    run(&mut shop, 4, "(1, 'Curitiba', '2026-01-01'), (2, 'Santos', '2026-01-01')").await;
    assert_eq!(
        shop.rows(shown).await,
        ["1|06-01|06-02|False", "1|06-02|06-04|True", "1|06-04|∅|False", "2|06-01|∅|False"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_new_column_joins_and_lost_column_stays() {
    let mut shop = shop("strategy='timestamp', updated_at='at'").await;
    run(&mut shop, 1, "(1, 'Curitiba', '2026-01-01')").await;
    shop.raw("raw.people", "select 1 as id, 'PR' as uf, cast('2026-03-03' as timestamp) as at").await;
    shop.built("").await;
    assert_eq!(
        shop.rows("select id, city, uf from snapshots.people order by dbt_valid_from").await,
        ["1|Curitiba|∅", "1|∅|PR"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_key_that_repeats_is_an_error() {
    let mut shop = shop("strategy='check', check_cols=['city']").await;
    shop.raw("raw.people", "select * from (values (1, 'a'), (1, 'b'), (2, 'c')) as t(id, city)").await;
    assert_eq!(
        shop.failure("").await,
        "snapshots/people.sql: `people`: 1 values of the `unique_key` `id` come more than once; a snapshot needs one row per key"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_in_yaml_over_a_model() {
    let yml = "snapshots:\n  - name: kept\n    relation: ref('cities')\n    config: {schema: snapshots, unique_key: id, strategy: check, check_cols: all, dbt_valid_to_current: \"'9999-12-31'\"}\n";
    let mut shop =
        Shop::new(&[("models/cities.sql", "select 1 as id, 'a' as city"), ("snapshots/kept.yml", yml)]).await;
    shop.built("").await;
    shop.file("models/cities.sql", "select 1 as id, 'b' as city");
    shop.context.now = noon(7, 1);
    shop.built("").await;
    assert_eq!(
        shop.rows("select city, cast(dbt_valid_to as date) from snapshots.kept order by dbt_valid_from")
            .await,
        ["a|2026-07-01", "b|9999-12-31"]
    );
}
