-- One row per event. Deals, invoices and cost are each summed by event before they meet: joined row by row they would
-- multiply one another.
with margin_by_deal as (
    select o.deal_id, sum(l.net_sales - l.cogs) as margin, sum(l.net_sales) as net_sales
    from {{ ref('int_sales_lines') }} as l
    inner join {{ ref('stg_sap__orders') }} as o on l.order_entry = o.order_entry
    cross join {{ ref('horizon') }} as h
    where o.deal_id is not null and l.sold_on <= h.as_of
    group by o.deal_id
),

margin_by_event as (
    select
        d.event_code,
        count(*) as won_deals,
        sum(coalesce(m.margin, cast(0 as decimal(18, 2)))) as margin,
        sum(coalesce(m.net_sales, cast(0 as decimal(18, 2)))) as net_sales
    from {{ ref('stg_ploomes__deals') }} as d
    inner join {{ ref('stg_sap__events') }} as e on d.event_code = e.event_code
    left join margin_by_deal as m on d.deal_id = m.deal_id
    where d.status_id = 2 and d.finished_on <= {{ empresa.plus_days('e.starts_on', 180) }}
    group by d.event_code
),

cost_by_event as (
    select event_code, sum(amount) as cost
    from {{ ref('stg_sap__expenses') }}
    where event_code is not null
    group by event_code
)

select
    e.event_code,
    e.evento,
    e.tipo_evento,
    u.regiao,
    e.uf,
    e.cidade,
    e.starts_on,
    {{ empresa.plus_days('e.starts_on', 180) }} as matured_on,
    coalesce(m.won_deals, 0) as won_deals,
    {{ empresa.money('coalesce(m.net_sales, 0)') }} as net_sales,
    {{ empresa.money('coalesce(m.margin, 0)') }} as margin,
    {{ empresa.money('coalesce(c.cost, 0)') }} as cost,
    {{ empresa.money('coalesce(m.margin, 0) - coalesce(c.cost, 0)') }} as gain
from {{ ref('stg_sap__events') }} as e
left join {{ ref('ufs') }} as u on e.uf = u.uf
left join margin_by_event as m on e.event_code = m.event_code
left join cost_by_event as c on e.event_code = c.event_code
