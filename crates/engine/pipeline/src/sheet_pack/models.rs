//! The dbt project of a sheet's pack: source, staging, fact table and calendar.
//!
//! Invariant: columns are named in quotes, because a sheet may call one `order`; DuckDB and DataFusion build the same tables from it.

use super::{DimensionOf, SheetPlan, quoted};
use connect::sources::sheet::{STREAM, TOTALS};
use std::fmt::Write;

pub const PROFILES: &str = r#"# For dbt Core; Mirante itself needs no profile.
mirante:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: "{{ env_var('MIRANTE_DUCKDB', 'target/mirante.duckdb') }}"
      threads: 2
"#;

pub const SCHEMA_RULE: &str = "{#- Schemas are named as Mirante names them, without dbt's target prefix. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name is not none else target.schema }}
{%- endmacro %}
";

pub const DIGITS: &str = "digit\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n";

pub fn project(name: &str) -> String {
    format!(
        r#"name: {name}
version: "1.0.0"
config-version: 2
profile: mirante

# MetricFlow reads its YAML from model paths only.
model-paths: ["models", "metrics"]
macro-paths: ["macros"]
seed-paths: ["seeds"]

models:
  {name}:
    staging:
      +schema: staging
      +materialized: view
    marts:
      +schema: marts
      +materialized: table

seeds:
  {name}:
    +schema: staging
"#
    )
}

pub fn sources(plan: &SheetPlan) -> String {
    let SheetPlan { name, title, .. } = plan;
    let description = quoted(&format!("Planilha enviada: {title}."));
    format!(
        "version: 2

sources:
  - name: {name}
    schema: raw
    description: {description}
    tables:
      - name: {STREAM}
        identifier: {name}__{STREAM}
        description: \"Uma linha por linha da planilha.\"
"
    )
}

/// One row per row of the sheet that has a date: columns that the pack uses, texts without blanks around them.
pub fn staging(plan: &SheetPlan) -> String {
    let mut columns = vec![format!("cast(\"{}\" as date) as {}", plan.date.column, plan.day())];
    for dimension in &plan.dimensions {
        let column = &dimension.column;
        columns.push(match dimension.of {
            DimensionOf::Text => format!("nullif(trim(\"{column}\"), '') as \"{column}\""),
            DimensionOf::Other => {
                format!("cast(\"{column}\" as {{{{ dbt.type_string() }}}}) as \"{column}\"")
            }
            DimensionOf::Flag => {
                format!(
                    "case when \"{column}\" then 'Sim' when not \"{column}\" then 'Não' end as \"{column}\""
                )
            }
        });
    }
    columns.extend(plan.measures.iter().map(|measure| format!("\"{}\"", measure.column)));
    let mut sql = format!(
        "select\n    {}\nfrom {{{{ source('{}', '{STREAM}') }}}}\nwhere not coalesce(_mirante_deleted, false)\n    \
         and \"{}\" is not null\n",
        columns.join(",\n    "),
        plan.name,
        plan.date.column
    );
    if !plan.totals_in.is_empty() {
        let words = TOTALS.map(|word| format!("'{word}'")).join(", ");
        sql.push_str("    -- Rows that repeat the sum of others.\n");
        for column in &plan.totals_in {
            let _ = writeln!(sql, "    and lower(trim(coalesce(\"{column}\", ''))) not in ({words})");
        }
    }
    sql
}

pub fn mart(plan: &SheetPlan) -> String {
    let (name, day) = (&plan.name, plan.day());
    let columns =
        plan.dimensions.iter().map(|one| &one.column).chain(plan.measures.iter().map(|one| &one.column));
    let columns: String =
        columns.fold(String::new(), |columns, column| columns + ",\n    \"" + column + "\"");
    format!(
        "select\n    {day}{columns}\nfrom {{{{ ref('stg_{name}') }}}}\n\
         -- By day, so that a period reads few row groups.\norder by {day}\n"
    )
}

/// Every day from the first row to the last, at most 10 000 of them.
pub fn calendar(plan: &SheetPlan) -> String {
    let (name, day) = (&plan.name, plan.day());
    let digits = format!("{{{{ ref('{name}_digits') }}}}");
    format!(
        "-- Every day from the first row to the last; MetricFlow asks for it.
with span as (
    select min({day}) as first_day, max({day}) as last_day
    from {{{{ ref('stg_{name}') }}}}
),

numbers as (
    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit as n
    from {digits} as a
    cross join {digits} as b
    cross join {digits} as c
    cross join {digits} as d
),

days as (
    select
        cast({{{{ dbt.dateadd('day', 'numbers.n', 'span.first_day') }}}} as date) as date_day,
        span.last_day
    from numbers
    cross join span
)

select date_day
from days
where date_day <= last_day
"
    )
}

pub fn schema(plan: &SheetPlan) -> String {
    let SheetPlan { name, title, date, .. } = plan;
    let description = quoted(&format!("{title}: uma linha por linha da planilha que tem data."));
    let mut yaml = format!(
        "version: 2

models:
  - name: {name}_calendar
    description: \"Um dia por linha, do primeiro ao último da planilha.\"
    time_spine:
      standard_granularity_column: date_day
    columns:
      - name: date_day
        granularity: day
        data_tests: [unique, not_null]
  - name: fct_{name}
    description: {description}
    columns:
      - name: {day}
        description: {label}
        data_tests: [not_null]
",
        day = plan.day(),
        label = quoted(&date.label),
    );
    let described = plan.dimensions.iter().map(|one| (&one.column, &one.label));
    for (column, label) in described.chain(plan.measures.iter().map(|one| (&one.column, &one.label))) {
        let _ = write!(yaml, "      - name: {column}\n        description: {}\n", quoted(label));
    }
    yaml
}
