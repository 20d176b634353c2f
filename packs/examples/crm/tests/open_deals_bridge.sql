-- Stock of a day = stock of the day before + engaged on it − closed on it.
with stock as (
    select c.date_day, coalesce(sum(o.open_deals), 0) as open_deals
    from {{ ref('crm_calendar') }} as c
    left join {{ ref('fct_open_deals') }} as o on o.date_day = c.date_day
    group by c.date_day
),

engaged as (
    select engage_date as date_day, count(*) as deals
    from {{ ref('fct_deals') }}
    where engage_date is not null
    group by engage_date
),

closed as (
    select close_date as date_day, count(*) as deals
    from {{ ref('fct_deals') }}
    where closed = 1
    group by close_date
),

bridge as (
    select
        s.date_day,
        s.open_deals,
        sum(coalesce(e.deals, 0) - coalesce(l.deals, 0)) over (order by s.date_day) as expected
    from stock as s
    left join engaged as e on s.date_day = e.date_day
    left join closed as l on s.date_day = l.date_day
)

select date_day, open_deals, expected
from bridge
where open_deals <> expected
