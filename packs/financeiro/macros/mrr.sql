{#- Balance of monthly value by day: a term counts on each day from its first to its last, both included.
    terms: relation with contract_id, starts_on, ends_on (null = in force), monthly_value. calendar: relation with date_day. -#}
{% macro mrr_by_day(terms, calendar) %}
    select c.date_day, t.contract_id, t.monthly_value
    from {{ calendar }} as c
    inner join {{ terms }} as t
        on t.starts_on <= c.date_day
        and coalesce(t.ends_on, cast('9999-12-31' as date)) >= c.date_day
{%- endmacro %}
