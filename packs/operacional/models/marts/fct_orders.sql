-- One row per order that was not cancelled, fulfilled or open. The product of an order is that of its largest line: an order
-- has one lead time, and a row per line would weigh it by its lines.
with delivered as (
    select order_entry, delivered_on as fulfilled_on
    from {{ ref('stg_sap__deliveries') }}
),

invoiced as (
    select l.base_entry as order_entry, i.invoiced_on as fulfilled_on
    from {{ ref('stg_sap__invoices') }} as i
    inner join {{ ref('stg_sap__invoice_lines') }} as l on i.invoice_entry = l.invoice_entry
    where l.base_type = 17
),

fulfilled as (
    {{ fulfilments('delivered', 'invoiced') }}
),

largest_line as (
    select order_entry, item_code
    from (
        select
            order_entry,
            item_code,
            row_number() over (partition by order_entry order by line_total desc, line_num) as line_rank
        from {{ ref('stg_sap__order_lines') }}
    ) as ranked
    where line_rank = 1
)

select
    o.order_entry,
    o.ordered_on,
    case when o.doc_status = 'C' then f.fulfilled_on end as fulfilled_on,
    o.branch_id,
    b.filial,
    u.regiao,
    o.uf,
    o.cidade,
    o.canal,
    c.segmento,
    i.linha,
    i.produto,
    case when o.doc_status = 'O' then 1 else 0 end as is_open,
    case when o.doc_status = 'C' then n.business_day_number - s.business_day_number end as lead_days
from {{ ref('stg_sap__orders') }} as o
left join fulfilled as f on o.order_entry = f.order_entry
left join largest_line as l on o.order_entry = l.order_entry
left join {{ ref('dim_business_days') }} as s on o.branch_id = s.branch_id and o.ordered_on = s.date_day
left join {{ ref('dim_business_days') }} as n on o.branch_id = n.branch_id and f.fulfilled_on = n.date_day
left join {{ ref('stg_sap__branches') }} as b on o.branch_id = b.branch_id
left join {{ ref('stg_sap__customers') }} as c on o.customer_code = c.customer_code
left join {{ ref('stg_sap__items') }} as i on l.item_code = i.item_code
left join {{ ref('ufs') }} as u on o.uf = u.uf
where o.canceled = 'N'
-- By day, so that a period reads few row groups.
order by fulfilled_on
