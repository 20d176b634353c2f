{#- Days since 1970-01-01 of a date: integers add and compare alike in every database. -#}
{% macro day_number(expression) -%}
    cast({{ dbt.datediff("cast('1970-01-01' as date)", expression, 'day') }} as bigint)
{%- endmacro %}

{#- `date` + `count` days, as a date. -#}
{% macro plus_days(date, count) -%}
    cast({{ dbt.dateadd('day', count, date) }} as date)
{%- endmacro %}

{#- First day of the month of a date. -#}
{% macro month_start(date) -%}
    cast({{ dbt.date_trunc('month', date) }} as date)
{%- endmacro %}
