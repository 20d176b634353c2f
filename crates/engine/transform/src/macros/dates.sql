{#- Dates, by the lake's own `dateadd` and `datediff`. -#}
{% macro current_timestamp() %}{{ return(adapter.dispatch('current_timestamp', 'dbt')()) }}{% endmacro %}
{#- The start of the run: all models of one edition agree on what "now" is. -#}
{% macro datafusion__current_timestamp() %}cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S%.6f") }}' as timestamp(6)){% endmacro %}
{% macro current_timestamp_backcompat() %}{{ return(current_timestamp()) }}{% endmacro %}
{% macro current_timestamp_in_utc_backcompat() %}{{ return(current_timestamp()) }}{% endmacro %}
{% macro snapshot_get_time() %}{{ return(current_timestamp()) }}{% endmacro %}

{% macro date_trunc(datepart, date) %}{{ return(adapter.dispatch('date_trunc', 'dbt')(datepart, date)) }}{% endmacro %}
{% macro datafusion__date_trunc(datepart, date) %}date_trunc('{{ datepart | lower }}', {{ date }}){% endmacro %}

{% macro dateadd(datepart, interval, from_date_or_timestamp) %}{{ return(adapter.dispatch('dateadd', 'dbt')(datepart, interval, from_date_or_timestamp)) }}{% endmacro %}
{% macro datafusion__dateadd(datepart, interval, from_date_or_timestamp) %}dateadd('{{ datepart | lower }}', {{ interval }}, {{ from_date_or_timestamp }}){% endmacro %}

{% macro datediff(first_date, second_date, datepart) %}{{ return(adapter.dispatch('datediff', 'dbt')(first_date, second_date, datepart)) }}{% endmacro %}
{#- Counts the boundaries between. dbt's weeks begin on Sunday on DuckDB and Postgres, the lake's on Monday: hence the day more. -#}
{% macro datafusion__datediff(first_date, second_date, datepart) -%}
{%- if datepart | lower == 'week' -%}
datediff('week', dateadd('day', 1, {{ first_date }}), dateadd('day', 1, {{ second_date }}))
{%- else -%}
datediff('{{ datepart | lower }}', {{ first_date }}, {{ second_date }})
{%- endif -%}
{%- endmacro %}

{% macro last_day(date, datepart) %}{{ return(adapter.dispatch('last_day', 'dbt')(date, datepart)) }}{% endmacro %}
{% macro datafusion__last_day(date, datepart) -%}
cast({{ dateadd('day', '-1', dateadd(datepart, '1', date_trunc(datepart, date))) }} as date)
{%- endmacro %}

{% macro date(year, month, day) %}{{ return(adapter.dispatch('date', 'dbt')(year, month, day)) }}{% endmacro %}
{% macro datafusion__date(year, month, day) %}make_date({{ year }}, {{ month }}, {{ day }}){% endmacro %}

{#- From start up to, and without, the end. -#}
{% macro date_spine(datepart, start_date, end_date) %}{{ return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) }}{% endmacro %}
{% macro datafusion__date_spine(datepart, start_date, end_date) %}
select {{ dateadd(datepart, 'spine.step', start_date) }} as date_{{ datepart }}
from (select unnest(generate_series(0, {{ datediff(start_date, end_date, datepart) }} - 1)) as step) as spine
{% endmacro %}
{% macro generate_series(upper_bound) %}{{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}{% endmacro %}
{% macro datafusion__generate_series(upper_bound) %}
select unnest(generate_series(1, {{ upper_bound }})) as generated_number
{% endmacro %}
{% macro get_intervals_between(start_date, end_date, datepart) -%}
{%- if not execute -%}{{ return(1) }}{%- endif -%}
{%- set found = run_query('select ' ~ datediff(start_date, end_date, datepart) ~ ' as intervals') -%}
{{ return(found.columns[0].values()[0]) }}
{%- endmacro %}
