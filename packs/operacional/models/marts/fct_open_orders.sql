-- Open orders by day, filial and UF: running sums of what opened and closed, because a row per order and day would be millions.
-- The age of an open order is business days since it was placed: Σ age = orders × today's number − Σ numbers of their first days.
with placed as (
    select o.branch_id, o.uf, o.ordered_on, o.fulfilled_on, s.business_day_number as placed_number
    from {{ ref('fct_orders') }} as o
    inner join {{ ref('dim_business_days') }} as s on o.branch_id = s.branch_id and o.ordered_on = s.date_day
    where o.is_open = 1 or o.fulfilled_on is not null
),

changes as (
    select branch_id, uf, ordered_on as date_day, count(*) as orders, sum(placed_number) as placed_numbers
    from placed
    group by branch_id, uf, ordered_on

    union all

    select branch_id, uf, fulfilled_on as date_day, -count(*) as orders, -sum(placed_number) as placed_numbers
    from placed
    where fulfilled_on is not null
    group by branch_id, uf, fulfilled_on
),

daily as (
    select branch_id, uf, date_day, sum(orders) as orders, sum(placed_numbers) as placed_numbers
    from changes
    group by branch_id, uf, date_day
),

places as (
    select branch_id, uf, min(date_day) as first_day
    from daily
    group by branch_id, uf
),

running as (
    select
        p.branch_id,
        p.uf,
        n.date_day,
        n.business_day_number,
        sum(coalesce(d.orders, 0)) over (
            partition by p.branch_id, p.uf order by n.date_day rows between unbounded preceding and current row
        ) as open_orders,
        sum(coalesce(d.placed_numbers, 0)) over (
            partition by p.branch_id, p.uf order by n.date_day rows between unbounded preceding and current row
        ) as placed_numbers
    from places as p
    cross join {{ ref('horizon') }} as h
    inner join {{ ref('dim_business_days') }} as n
        on n.branch_id = p.branch_id and n.date_day >= p.first_day and n.date_day <= h.as_of
    left join daily as d
        on d.branch_id = p.branch_id and coalesce(d.uf, '') = coalesce(p.uf, '') and d.date_day = n.date_day
)

select
    r.date_day,
    b.filial,
    u.regiao,
    r.uf,
    cast(r.open_orders as bigint) as open_orders,
    cast(r.open_orders * r.business_day_number - r.placed_numbers as bigint) as age_days
from running as r
left join {{ ref('stg_sap__branches') }} as b on r.branch_id = b.branch_id
left join {{ ref('ufs') }} as u on r.uf = u.uf
where r.open_orders > 0
