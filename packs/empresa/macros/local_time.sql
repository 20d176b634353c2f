{#- A moment of a system, which is kept in UTC, as the clock on the wall showed it. -#}
{% macro local_time(moment) -%}
    {{ dbt.dateadd('hour', var('utc_offset_hours', -3), 'cast(' ~ moment ~ ' as timestamp)') }}
{%- endmacro %}

{#- A day that a user table keeps as text, with or without a time behind it. -#}
{% macro day_of_text(expression) -%}
    cast(substring(cast({{ expression }} as varchar), 1, 10) as date)
{%- endmacro %}

{#- A moment as whole seconds since 1970 UTC. -#}
{% macro unix_seconds(moment) -%}
    cast(extract(epoch from {{ moment }}) as bigint)
{%- endmacro %}

{#- As `unix_seconds`, of a moment as the clock on the wall showed it. -#}
{% macro unix_seconds_of_local(moment) -%}
    {{ unix_seconds(moment) }} - ({{ var('utc_offset_hours', -3) }}) * 3600
{%- endmacro %}
