//! Everything that can be wrong with a project, with the whole message.
//!
//! Invariant: the place is a line and column of the author's file.

use crate::shop::Shop;

const SOURCES: &str =
    "sources:\n  - name: crm\n    schema: raw\n    tables: [{name: deals}, {name: accounts}]\n";

/// The message with which the project does not load.
async fn load(files: &[(&str, &str)], message: &str) {
    let shop = Shop::new(files).await;
    match shop.load() {
        Ok(_) => panic!("it loads; expected: {message}"),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

/// The message with which the one model does not build.
async fn built(sql: &str, message: &str) {
    let mut shop = Shop::new(&[("models/m.sql", sql), ("models/sources.yml", SOURCES)]).await;
    shop.raw("raw.deals", "select 1 as id, 'a' as who, 10 as amount").await;
    assert_eq!(shop.failure("").await, message);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_are_pointed_at() {
    load(
        &[("models/stg_deals.sql", "select 1 as x"), ("models/m.sql", "select *\nfrom {{ ref('stg_dael') }}")],
        "models/m.sql:2:9: model `m`: `ref('stg_dael')` names no model, seed or snapshot; did you mean `stg_deals`?",
    )
    .await;
    load(
        &[("models/sources.yml", SOURCES), ("models/m.sql", "select * from {{ source('crm', 'deal') }}")],
        "models/m.sql:1:18: model `m`: `source('crm', 'deal')`: source `crm` has no table `deal`; did you mean `deals`?",
    )
    .await;
    load(
        &[("models/sources.yml", SOURCES), ("models/m.sql", "select * from {{ source('erp', 'x') }}")],
        "models/m.sql:1:18: model `m`: `source('erp', 'x')` names no source; declare it under `sources:` of a property file",
    )
    .await;
    load(
        &[("models/m.sql", "select\n  {{ dbt.dateadd_('day', 1, 'x') }}")],
        "models/m.sql:2:9: model `m`: package `dbt` has no macro `dateadd_`; did you mean `dateadd`?",
    )
    .await;
    load(
        &[
            ("macros/c.sql", "{% macro cents(x) %}{{ x }}{% endmacro %}"),
            ("models/m.sql", "select {{ cent('a') }}"),
        ],
        "models/m.sql:1:11: model `m`: no macro or function is called `cent`; did you mean `cents`?",
    )
    .await;
    load(
        &[("models/m.sql", "select {{ var('since') }}")],
        "models/m.sql:1:11: model `m`: variable `since` is not set; set it under `vars:` of `dbt_project.yml`, or give a default",
    )
    .await;
    load(
        &[("models/m.sql", "select '{{ env_var('KEY') }}'")],
        "models/m.sql:1:12: model `m`: environment variable `KEY` is not set; set it, or give a default: `env_var('KEY', '…')`",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn circle_is_told_with_its_path() {
    load(
        &[
            ("models/a.sql", "select * from {{ ref('c') }}"),
            ("models/b.sql", "select * from {{ ref('a') }}"),
            ("models/c.sql", "select * from {{ ref('b') }}"),
        ],
        "the models go round in a circle: `a` → `b` → `c` → `a`; remove one of these `ref`s",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_jinja_is_pointed_at() {
    load(
        &[("models/m.sql", "select 1\n{% if true %}\nas x")],
        "models/m.sql:2:14: Jinja syntax: unexpected end of input, expected end of block",
    )
    .await;
    load(
        &[("models/m.sql", "select\n  {{ 'a' + }}")],
        "models/m.sql:2:12: Jinja syntax: unexpected end of variable block",
    )
    .await;
    load(
        &[("models/m.sql", "{% set x = 1 %}\nselect {{ y }}")],
        "models/m.sql:2:11: model `m`: `y` is undefined; set it, or test `is defined` first",
    )
    .await;
    load(
        &[
            ("macros/c.sql", "\n{% macro strict(x) %}\n  {{ exceptions.raise_compiler_error('x must be text') }}\n{% endmacro %}"),
            ("models/m.sql", "select {{ strict(1) }}"),
        ],
        "macros/c.sql:3:16: model `m`: x must be text",
    )
    .await;
    load(
        &[("macros/a.sql", "{% macro m() %}1{% endmacro %}"), ("macros/b.sql", "\n{% macro m() %}2{% endmacro %}")],
        "the macro of `macros/a.sql:1` and the macro of `macros/b.sql:2` are both named `m`; rename one of them",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jinja_without_end_is_stopped() {
    load(
        &[
            ("macros/a.sql", "{% macro a(n) %}{{ a(n + 1) }}{% endmacro %}"),
            ("models/m.sql", "select {{ a(1) }}"),
        ],
        "macros/a.sql:1:20: model `m`: recursion limit exceeded",
    )
    .await;
    load(
        &[("models/m.sql", "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}")],
        "models/m.sql:1:55: model `m`: the template does not come to an end; look for a loop over too many things",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_properties_are_pointed_at() {
    load(
        &[("models/s.yml", "models:\n  - name: a\n    tests: [uniqe]\n"), ("models/a.sql", "select 1 as x")],
        "models/s.yml:3:13: no generic test is called `uniqe`; did you mean `unique`?",
    )
    .await;
    load(
        &[("models/a.sql", "{{ config(materialized='tabel') }} select 1 as x")],
        "models/a.sql: model `a`: `materialized` cannot be `tabel`; did you mean `table`?",
    )
    .await;
    load(
        &[
            ("models/a.sql", "select 1 as x"),
            ("models/s.yml", "models:\n  - name: a\n    columns:\n      - name: x\n        data_tests:\n          - relationships: {arguments: {to: ref('b'), field: x}}\n"),
        ],
        "models/s.yml:6:13: data test `relationships_a_x__x__ref_b_`: `ref('b')` names no model, seed or snapshot; did you mean `a`?",
    )
    .await;
    load(
        &[("models/x/a.sql", "select 1 as x"), ("models/y/a.sql", "select 1 as x")],
        "`models/x/a.sql` and `models/y/a.sql` are both named `a`; rename one of them",
    )
    .await;
    load(
        &[("models/a.sql", "select 1 as x"), ("models/b.sql", "{{ config(alias='a') }} select 1 as x")],
        "`models/a.sql` and `models/b.sql` both make the table `marts.a`; give one of them an `alias` or another `schema`",
    )
    .await;
    load(
        &[
            ("models/a.sql", "{{ config(enabled=false) }} select 1 as x"),
            ("models/b.sql", "select * from {{ ref('a') }}"),
        ],
        "models/b.sql: model `b`: reads `a`, which is disabled; enable it, or disable this one too",
    )
    .await;
    load(
        &[("dbt_project.yml", "name: shop\nmodels:\n  - x: [\n")],
        "dbt_project.yml:3:8: bad YAML: unclosed bracket '['",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_sql_is_pointed_at_in_the_template() {
    built(
        "{{ config(tags=['x']) }}\n{# a comment #}\nselect id,\n       amout\nfrom {{ source('crm', 'deals') }}",
        "models/m.sql:4:8: model `m`: no field named amout. Did you mean 'raw.deals.amount'? Valid fields are raw.deals.id, raw.deals.who, raw.deals.amount.",
    )
    .await;
    built(
        "{% for c in ['id', 'who'] %}\n{% endfor %}select id\nfrm {{ source('crm', 'deals') }}",
        "models/m.sql:3:8: model `m`: expected: end of statement, found: \"raw\"",
    )
    .await;
    built("select id\nfrom\n  raw.dael", "models/m.sql:3:3: model `m`: table 'mirante.raw.dael' not found")
        .await;
    built(
        "select\n  sume(amount) as total\nfrom {{ source('crm', 'deals') }}",
        "models/m.sql:2:3: model `m`: invalid function 'sume'. Did you mean 'sum'?",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn source_that_never_landed_is_told() {
    built(
        "select * from {{ source('crm', 'accounts') }}",
        "models/m.sql:1:32: `m` reads source `crm.accounts`, whose table `raw.accounts` is not there; add the source that lands it, or correct `schema` and `identifier`",
    )
    .await;
    let mut shop =
        Shop::new(&[("models/a.sql", "select 1 as x"), ("models/b.sql", "select x from {{ ref('a') }}")])
            .await;
    assert_eq!(
        shop.failure("b").await,
        "models/b.sql:1:22: `b` reads `a`, whose table `marts.a` is not there; build it too: select `+b`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ref_hidden_behind_execute_is_told() {
    built(
        "select 1 as x {% if execute %} from {{ source('crm', 'deals') }} {% endif %}",
        "models/m.sql:1:40: model `m`: source('crm', 'deals') is only reached when the model runs, so it was not built first; add the line `-- depends_on: {{ source('crm', 'deals') }}`",
    )
    .await;
}
