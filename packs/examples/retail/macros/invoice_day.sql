{#- The day of an invoice time, which arrives as text "12/1/10 8:26" (month first) or, where the reader has recognised it,
    as a timestamp. Split by hand: format strings differ in every database. -#}
{% macro invoice_day(column) -%}
    {%- set text = "cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")" -%}
    {%- set day = dbt.split_part(text, "' '", 1) -%}
    {%- set month_part = dbt.split_part(day, "'/'", 1) -%}
    {%- set day_part = dbt.split_part(day, "'/'", 2) -%}
    {%- set year_part = dbt.split_part(day, "'/'", 3) -%}
    cast(
        case
            when {{ text }} like '%/%'
                then '20' || {{ year_part }} || '-' || lpad({{ month_part }}, 2, '0') || '-' || lpad({{ day_part }}, 2, '0')
            else substring({{ text }}, 1, 10)
        end as date
    )
{%- endmacro %}
