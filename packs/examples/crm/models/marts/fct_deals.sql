select
    o.opportunity_id,
    o.agent,
    t.manager,
    t.region,
    p.product,
    p.series,
    o.account,
    a.sector,
    o.stage,
    o.engage_date,
    o.close_date,
    case when o.stage = 'Won' then 1 else 0 end as won,
    case when o.stage in ('Won', 'Lost') then 1 else 0 end as closed,
    case when o.stage = 'Won' then o.close_value else cast(0 as decimal(18, 2)) end as won_value,
    case
        when o.stage = 'Won' then {{ dbt.datediff('o.engage_date', 'o.close_date', 'day') }}
    end as cycle_days
from {{ ref('stg_crm__opportunities') }} as o
left join {{ ref('stg_crm__sales_teams') }} as t on o.agent = t.agent
left join {{ ref('stg_crm__products') }} as p on o.product_key = p.product_key
left join {{ ref('stg_crm__accounts') }} as a on o.account = a.account
