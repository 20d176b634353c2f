//! dbt Core on DuckDB and we, on the same project, side by side.
//!
//! Runs when `MIRANTE_DBT` names a `dbt` (dbt-core < 1.12 with dbt-duckdb) and says so when it does not.
//! Invariant: every row of every relation is equal, as text.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shop::Shop;

const PROJECT: &str = "name: shop
version: '1.0'
profile: shop
vars: {batch: 1}
models: {shop: {+materialized: table, +schema: marts}}
seeds: {shop: {+schema: raw, deals: {+column_types: {code: varchar, amount: 'decimal(18,2)'}}}}
";

const PROFILE: &str = "shop:
  target: dev
  outputs: {dev: {type: duckdb, path: shop.duckdb, schema: main, threads: 1}}
";

const NAMES: &str = "{% macro generate_schema_name(custom_schema_name, node) -%}
{{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}";

const DEALS: &str = "id,code,who,amount,opened,closed_at,won,batch
1,007,Ana Lima,10.50,2026-01-31,2026-02-28 10:30:00,true,1
2,010,Bia,0.10,2025-12-29,2026-03-01 00:00:00,false,1
3,011,,99.99,2024-02-29,,true,1
4,012,Davi Souza,5.00,2026-06-30,2026-07-01 23:59:59,,2
2,010,Bia Reis,7.25,2025-12-29,2026-03-05 00:00:00,true,2
";

const MODELS: [(&str, &str); 10] = [
    (
        "models/dates.sql",
        "{% set parts = ['day', 'week', 'month', 'quarter', 'year'] %}
select id, batch
  {% for part in parts %}
  , cast({{ dbt.date_trunc(part, 'opened') }} as date) as trunc_{{ part }}
  , cast({{ dbt.dateadd(part, 2, 'opened') }} as {{ dbt.type_timestamp() }}) as add_{{ part }}
  , cast({{ dbt.dateadd(part, -1, 'closed_at') }} as {{ dbt.type_timestamp() }}) as sub_{{ part }}
  , {{ dbt.datediff('opened', 'closed_at', part) }} as diff_{{ part }}
  {% endfor %}
  , {{ dbt.datediff('opened', 'closed_at', 'hour') }} as hours
  , {{ dbt.last_day('opened', 'month') }} as month_end
  , {{ dbt.last_day('opened', 'quarter') }} as quarter_end
from {{ ref('deals') }}",
    ),
    (
        "models/texts.sql",
        "select id, batch,
  {{ dbt.concat(['code', \"'-'\", 'who']) }} as joined,
  {{ dbt.split_part('who', \"' '\", 1) }} as first,
  {{ dbt.split_part('who', \"' '\", 2) }} as last,
  {{ dbt.length('who') }} as long,
  {{ dbt.position(\"'a'\", 'who') }} as place,
  {{ dbt.replace('who', \"'a'\", \"'o'\") }} as other,
  {{ dbt.right('who', 3) }} as tail,
  {{ dbt.string_literal(\"d'água\") if false else \"'x'\" }} as literal,
  {{ dbt.hash('code') }} as hashed,
  {{ dbt.safe_cast('code', dbt.type_int()) }} as whole,
  {{ dbt.cast('amount', dbt.type_string()) }} as amount_text,
  {{ dbt.cast_bool_to_text('won') }} as won_text
from {{ ref('deals') }}",
    ),
    (
        "models/sums.sql",
        "select batch, count(*) as n, sum(amount) as total, cast(avg(amount) as {{ dbt.type_numeric() }}) as mean,
  {{ dbt.bool_or('won') }} as any_won,
  {{ dbt.listagg('code', \"'; '\", 'order by code desc') }} as codes,
  {{ dbt.any_value('batch') }} as one
from {{ ref('deals') }} group by batch",
    ),
    (
        "models/sets.sql",
        "select code from {{ ref('deals') }} where batch = 1 {{ dbt.except() }} select code from {{ ref('deals') }} where batch = 2
union all
select code from (select code from {{ ref('deals') }} where batch = 1 {{ dbt.intersect() }} select code from {{ ref('deals') }} where batch = 2) as both_batches",
    ),
    (
        "models/spine.sql",
        "select cast(date_month as date) as month from ({{ dbt.date_spine('month', \"cast('2025-11-01' as date)\", \"cast('2026-03-01' as date)\") }}) as spine",
    ),
    ("models/series.sql", "select generated_number as n from ({{ dbt.generate_series(5) }}) as series"),
    (
        "models/grown.sql",
        "{{ config(materialized='incremental', unique_key='id') }}
select id, who, amount from {{ ref('deals') }} where batch <= {{ var('batch') }}
{% if is_incremental() %} and batch = {{ var('batch') }} {% else %} and batch = 1 {% endif %}",
    ),
    (
        "models/appended.sql",
        "{{ config(materialized='incremental', incremental_strategy='append') }}
select id, batch from {{ ref('deals') }}
{% if is_incremental() %} where batch > (select max(batch) from {{ this }}) {% else %} where batch = 1 {% endif %}",
    ),
    ("models/seen.sql", "{{ config(materialized='view') }} select * from {{ ref('sums') }} where n > {{ least() }}"),
    (
        "snapshots/people.sql",
        "{% snapshot people %}{{ config(schema='marts', unique_key='id', strategy='timestamp', updated_at='changed', hard_deletes='ignore') }}
select id, who, coalesce(closed_at, cast('2026-01-01 00:00:00' as timestamp)) as changed from {{ ref('deals') }} where batch = {{ var('batch') }} and id <> 1
{% endsnapshot %}",
    ),
];

const QUESTIONS: [(&str, &str); 10] = [
    ("dates", "*"),
    ("texts", "*"),
    ("sums", "*"),
    ("sets", "*"),
    ("spine", "*"),
    ("series", "*"),
    ("grown", "*"),
    ("appended", "*"),
    ("seen", "*"),
    ("people", "id, who, changed, dbt_updated_at, dbt_valid_from, dbt_valid_to"),
];

/// Rows of a query as sorted lines; python's `duckdb` sits beside `dbt`.
fn theirs(dbt: &Path, dir: &Path, sql: &str) -> Vec<String> {
    let script = "import duckdb, sys
for row in duckdb.connect('shop.duckdb', read_only=True).sql(sys.argv[1]).fetchall():
    print('|'.join('∅' if v is None else str(v) for v in row))";
    let python = dbt.with_file_name("python");
    let out = Command::new(python).args(["-c", script, sql]).current_dir(dir).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let rows: Vec<String> = String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect();
    plain(&rows)
}

/// Python and Arrow write moments and truth differently.
fn plain(rows: &[String]) -> Vec<String> {
    let cell = |cell: &str| match cell {
        "True" => "true".to_owned(),
        "False" => "false".to_owned(),
        other => match other.split_once('T') {
            Some((day, time)) if day.len() == 10 && time.contains(':') => format!("{day} {time}"),
            _ => other.to_owned(),
        },
    };
    let mut rows: Vec<String> =
        rows.iter().map(|row| row.split('|').map(cell).collect::<Vec<_>>().join("|")).collect();
    rows.sort();
    rows
}

fn run_dbt(dbt: &Path, dir: &Path, batch: u32) {
    let vars = format!("{{batch: {batch}}}");
    let out = Command::new(dbt)
        .args(["build", "--quiet", "--vars", &vars, "--project-dir", ".", "--profiles-dir", "."])
        .env("DO_NOT_TRACK", "1")
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "dbt: {}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_those_of_dbt_core() {
    let Some(dbt) = std::env::var_os("MIRANTE_DBT").map(PathBuf::from) else {
        println!("skipped: MIRANTE_DBT names no dbt");
        return;
    };
    let least = "{% macro least(n=0) %}{{ return(adapter.dispatch('least')(n)) }}{% endmacro %}\n{% macro default__least(n) %}{% set all = [] %}{% do all.append(n) %}{{ return(all[0]) }}{% endmacro %}";
    let mut files = vec![
        ("dbt_project.yml", PROJECT),
        ("profiles.yml", PROFILE),
        ("macros/names.sql", NAMES),
        ("macros/least.sql", least),
        ("seeds/deals.csv", DEALS),
    ];
    files.extend(MODELS);
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in &files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut shop = Shop::new(&files).await;
    for batch in [1, 2] {
        run_dbt(&dbt, dir.path(), batch);
        shop.options.vars.insert("batch".into(), batch.into());
        shop.built("").await;
        for (name, columns) in QUESTIONS {
            let sql = format!("select {columns} from marts.{name}");
            let ours = plain(&shop.rows(&sql).await);
            assert_eq!(ours, theirs(&dbt, dir.path(), &sql), "{name}, run {batch}");
        }
    }
}
