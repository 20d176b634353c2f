//! Jinja as dbt projects use it: macros, packages, dispatch, lists that grow, queries at compile time.
//!
//! Invariant: the rows tell, not the text.

use crate::shop::Shop;

async fn rows(files: &[(&str, &str)]) -> Vec<String> {
    let mut shop = Shop::new(files).await;
    shop.built("").await;
    shop.rows("select * from marts.m order by 1").await
}

#[tokio::test(flavor = "multi_thread")]
async fn macros_call_each_other_and_return_values() {
    let macros = "{% macro _list() %}{{ return(['a', 'b']) }}{% endmacro %}
{% macro quoted() %}{% set out = [] %}{% for x in _list() %}{% do out.append(\"'\" ~ x ~ \"'\") %}{% endfor %}{{ return(out | join(', ')) }}{% endmacro %}";
    let found = rows(&[
        ("macros/a.sql", macros),
        ("macros/b.sql", "{% macro pick(n=1) %}{% if n > 0 %}{{ shop.quoted() }}{% endif %}{% endmacro %}"),
        ("models/m.sql", "select * from (values ({{ pick() }})) as t(a, b)"),
    ])
    .await;
    assert_eq!(found, ["a|b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn call_blocks_and_maps_work() {
    let macros = "{% macro wrap() %}({{ caller() }}){% endmacro %}";
    let model = "{% set names = {'x': 1} %}{% do names.update({'y': 2}) %}
select {% for key, value in names.items() %}{% call wrap() %}{{ value }}{% endcall %} as {{ key }}{{ ', ' if not loop.last }}{% endfor %}";
    assert_eq!(rows(&[("macros/a.sql", macros), ("models/m.sql", model)]).await, ["1|2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_keep_their_own_macros() {
    let tools = "{% macro one() %}{{ return(inner()) }}{% endmacro %}{% macro inner() %}1{% endmacro %}
{% macro two() %}{{ return(adapter.dispatch('two', 'tools')()) }}{% endmacro %}
{% macro default__two() %}0{% endmacro %}{% macro datafusion__two() %}2{% endmacro %}";
    let found = rows(&[
        ("packages.yml", "packages:\n  - local: tools\n"),
        ("tools/dbt_project.yml", "name: tools\nmodels: {tools: {+schema: marts}}\n"),
        ("tools/macros/t.sql", tools),
        ("tools/models/base.sql", "select {{ one() }} as x"),
        ("macros/own.sql", "{% macro inner() %}99{% endmacro %}"),
        (
            "models/m.sql",
            "select x, {{ tools.two() }} as y, {{ inner() }} as z from {{ ref('tools', 'base') }}",
        ),
    ])
    .await;
    assert_eq!(found, ["1|2|99"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn project_overrides_dbts_own_macro_and_names_its_schemas() {
    let macros = "{% macro dateadd(datepart, interval, from_date_or_timestamp) %}7{% endmacro %}
{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or target.schema }}_x{% endmacro %}";
    let mut shop =
        Shop::new(&[("macros/a.sql", macros), ("models/m.sql", "select {{ dateadd('day', 1, 'x') }} as x")])
            .await;
    shop.built("").await;
    assert_eq!(shop.rows("select x from marts_x.m").await, ["7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn run_query_and_columns_are_asked_at_compile_time() {
    let model = "{% set kinds = run_query('select distinct kind from ' ~ ref('base') ~ ' order by 1') %}
{% if execute %}{% set kinds = kinds.columns[0].values() %}{% else %}{% set kinds = [] %}{% endif %}
select {% for kind in kinds %}sum(case when kind = '{{ kind }}' then n end) as {{ kind }}, {% endfor %}
  '{% for column in adapter.get_columns_in_relation(ref('base')) %}{{ column.name }} {% endfor %}' as columns
from {{ ref('base') }}";
    let base = "select * from (values ('a', 1), ('b', 2), ('a', 3)) as t(kind, n)";
    assert_eq!(rows(&[("models/base.sql", base), ("models/m.sql", model)]).await, ["4|2|kind n "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_blocks_are_asked_too() {
    let model =
        "{% call statement('top', fetch_result=true) %}select max(n) as n from {{ ref('base') }}{% endcall %}
select {{ load_result('top')['data'][0][0] if execute else 0 }} as x";
    assert_eq!(rows(&[("models/base.sql", "select 41 as n"), ("models/m.sql", model)]).await, ["41"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn vars_env_and_this_are_seen() {
    let mut shop = Shop::new(&[
        ("dbt_project.yml", "name: shop\nvars: {a: 1, b: [x, y]}\nmodels: {shop: {+schema: \"{{ var('where') }}\"}}\n"),
        (
            "models/m.sql",
            "select {{ var('a') }} as a, '{{ var('b')[1] }}' as b, '{{ var('c', 'z') }}' as c, '{{ env_var('HOME_UF') }}' as d, '{{ this }}' as e, '{{ run_started_at.strftime('%Y-%m-%d') }}' as f, '{{ target.type }}' as g",
        ),
    ])
    .await;
    shop.options.vars.insert("a".into(), 5.into());
    shop.options.vars.insert("where".into(), "gold".into());
    shop.options.env.insert("HOME_UF".into(), "PR".into());
    shop.built("").await;
    assert_eq!(shop.rows("select * from gold.m").await, ["5|y|z|PR|\"gold\".\"m\"|2026-06-30|datafusion"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn config_is_read_back() {
    let model = "{{ config(meta={'owner': 'ana'}) }}select '{{ config.get('meta').owner }}' as a, '{{ config.get('none', 'x') }}' as b, '{{ model.name }}' as c";
    assert_eq!(rows(&[("models/m.sql", model)]).await, ["ana|x|m"]);
}
