{{ config(materialized='table') }}
-- Lines of valid sales and of their returns, net, each with the one order it comes from. Returns are negative, on their own day.
with invoice_orders as (
    -- An invoice bills a delivery (15) or an order (17); either way exactly one order, so that the join cannot fan out.
    select l.invoice_entry, min(coalesce(d.order_entry, l.base_entry)) as order_entry
    from {{ ref('stg_sap__invoice_lines') }} as l
    left join {{ ref('stg_sap__deliveries') }} as d on l.base_type = 15 and l.base_entry = d.delivery_entry
    where l.base_type in (15, 17)
    group by l.invoice_entry
)

select
    i.invoice_entry,
    i.invoice_entry as sale_entry,
    l.line_num,
    i.invoiced_on as sold_on,
    i.customer_code,
    i.branch_id,
    i.seller_code,
    i.uf,
    i.cidade,
    i.canal,
    l.item_code,
    o.order_entry,
    {{ money(net_sales('l.line_total', 'i.header_discount', 'l.icms', 'l.pis', 'l.cofins')) }} as net_sales,
    l.cogs
from {{ ref('stg_sap__invoices') }} as i
inner join {{ ref('stg_sap__invoice_lines') }} as l on i.invoice_entry = l.invoice_entry
left join invoice_orders as o on i.invoice_entry = o.invoice_entry
where i.is_sale = 1

union all

select
    r.invoice_entry,
    cast(null as bigint) as sale_entry,
    r.line_num,
    n.returned_on as sold_on,
    n.customer_code,
    n.branch_id,
    n.seller_code,
    n.uf,
    i.cidade,
    n.canal,
    r.item_code,
    o.order_entry,
    -- The header discount is already off a return's lines.
    {{ money('-(' ~ net_sales('r.line_total', '0', 'r.icms', 'r.pis', 'r.cofins') ~ ')') }} as net_sales,
    {{ money('-r.cogs') }} as cogs
from {{ ref('stg_sap__credit_notes') }} as n
inner join {{ ref('stg_sap__credit_note_lines') }} as r on n.credit_entry = r.credit_entry
left join {{ ref('stg_sap__invoices') }} as i on r.invoice_entry = i.invoice_entry
left join invoice_orders as o on r.invoice_entry = o.invoice_entry
