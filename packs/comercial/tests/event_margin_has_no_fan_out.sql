-- Events together cannot have more margin than the orders of their deals: more would be rows counted twice.
with by_event as (
    select coalesce(sum(margin), 0) as margin from {{ ref('fct_event_results') }}
),

by_line as (
    select coalesce(sum(l.net_sales - l.cogs), 0) as margin
    from {{ ref('int_sales_lines') }} as l
    cross join {{ ref('horizon') }} as h
    where l.sold_on <= h.as_of
        and l.order_entry in (
            select o.order_entry
            from {{ ref('stg_sap__orders') }} as o
            inner join {{ ref('stg_ploomes__deals') }} as d on o.deal_id = d.deal_id
            inner join {{ ref('stg_sap__events') }} as e on d.event_code = e.event_code
            where d.status_id = 2 and d.finished_on <= {{ empresa.plus_days('e.starts_on', 180) }}
        )
)

select e.margin as event_margin, l.margin as line_margin
from by_event as e
cross join by_line as l
where e.margin <> l.margin
