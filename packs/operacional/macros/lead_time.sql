{#- The one end-point of an order: its last delivery, or, where nothing was delivered apart, its last valid invoice.
    deliveries, invoices: relations with order_entry and fulfilled_on. Gives order_entry, fulfilled_on. -#}
{% macro fulfilments(deliveries, invoices) %}
    select
        coalesce(d.order_entry, i.order_entry) as order_entry,
        coalesce(d.fulfilled_on, i.fulfilled_on) as fulfilled_on
    from (
        select order_entry, max(fulfilled_on) as fulfilled_on from {{ deliveries }} group by order_entry
    ) as d
    full outer join (
        select order_entry, max(fulfilled_on) as fulfilled_on from {{ invoices }} group by order_entry
    ) as i on d.order_entry = i.order_entry
{%- endmacro %}
