{#- `08:30` → 510. -#}
{% macro minute_of_day(time) -%}
    cast(substring(cast({{ time }} as varchar), 1, 2) as bigint) * 60
    + cast(substring(cast({{ time }} as varchar), 4, 2) as bigint)
{%- endmacro %}
