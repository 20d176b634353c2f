//! dbt's cross-database macros on the lake.
//!
//! Invariant: both forms, `dbt.x()` and `x()`, give the same.

use crate::shop::Shop;

async fn check(expression: &str, expected: &str) {
    for form in [format!("dbt.{expression}"), expression.to_owned()] {
        let model = format!(
            "select {{{{ {form} }}}} as x from (select 'Ana Lima' as name, 'a,b,c' as list, cast('2026-01-31' as date) as d, cast('2026-03-15 10:30:00' as timestamp) as t, 3 as n) as one"
        );
        let mut shop = Shop::new(&[("models/m.sql", model.as_str())]).await;
        shop.built("").await;
        assert_eq!(shop.rows("select cast(x as varchar) from marts.m").await, [expected], "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dates() {
    check("date_trunc('month', 't')", "2026-03-01T00:00:00").await;
    check("dateadd('month', 1, 'd')", "2026-02-28T00:00:00").await;
    check("dateadd('quarter', '-n', 't')", "2025-06-15T10:30:00").await;
    check("datediff('d', 't', 'month')", "2").await;
    check("datediff('d', 't', 'week')", "7").await;
    check("last_day('d', 'quarter')", "2026-03-31").await;
    check("date(2026, 'n', 9)", "2026-03-09").await;
    check("current_timestamp()", "2026-06-30T12:00:00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_and_types() {
    check("concat(['name', \"'-'\", 'list'])", "Ana Lima-a,b,c").await;
    check("split_part('list', \"','\", 2)", "b").await;
    check("length('name')", "8").await;
    check("position(\"'Lima'\", 'name')", "5").await;
    check("replace('name', \"'a'\", \"'o'\")", "Ano Limo").await;
    check("right('name', 4)", "Lima").await;
    check("string_literal(\"d'água\")", "d'água").await;
    check("hash('n')", "eccbc87e4b5ce2fe28308fd9f2a7baf3").await;
    check("safe_cast('name', api_type)".replace("api_type", "dbt.type_int()").as_str(), "∅").await;
    check("cast('n', dbt.type_numeric())", "3.000000").await;
    check("cast('n', type_string())", "3").await;
    check("cast('n', type_float())", "3.0").await;
    check("cast('n', type_bigint())", "3").await;
    check("cast('d', type_timestamp())", "2026-01-31T00:00:00").await;
    check("cast_bool_to_text('n = 3')", "true").await;
    check("equals('null', 'null')", "true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregates_sets_and_series() {
    check("any_value('name')", "Ana Lima").await;
    check("bool_or('n = 3')", "true").await;
    check("listagg('name', \"'; '\", 'order by name')", "Ana Lima").await;
    let mut shop = Shop::new(&[
        ("models/spine.sql", "{{ dbt.date_spine('month', \"cast('2026-01-01' as date)\", \"cast('2026-04-01' as date)\") }}"),
        ("models/series.sql", "{{ dbt.generate_series(3) }}"),
        ("models/sets.sql", "select 1 as x {{ dbt.except() }} select 2 as x"),
        ("models/both.sql", "select 1 as x {{ dbt.intersect() }} select 1 as x"),
        (
            "models/list.sql",
            "select {{ dbt.listagg('x', \"'-'\", 'order by x desc') }} as a, {{ dbt.listagg('x', \"'-'\", 'order by x', 2) }} as b from (values ('a'), ('c'), ('b')) as t(x)",
        ),
        ("models/empty.sql", "{{ dbt.date_spine('day', \"cast('2026-01-01' as date)\", \"cast('2026-01-01' as date)\") }}"),
    ])
    .await;
    shop.built("").await;
    assert_eq!(
        shop.rows("select cast(date_month as date) from marts.spine order by 1").await,
        ["2026-01-01", "2026-02-01", "2026-03-01"]
    );
    assert_eq!(shop.rows("select generated_number from marts.series order by 1").await, ["1", "2", "3"]);
    assert_eq!(shop.rows("select x from marts.sets").await, ["1"]);
    assert_eq!(shop.rows("select x from marts.both").await, ["1"]);
    assert_eq!(shop.rows("select a, b from marts.list").await, ["c-b-a|a-b"]);
    assert_eq!(shop.rows("select * from marts.empty").await, Vec::<String>::new());
}
