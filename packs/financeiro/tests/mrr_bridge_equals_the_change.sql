-- New + expansion + contraction + churn of a month is exactly what the balance changed from one month end to the next.
with balance as (
    select date_day, sum(mrr) as mrr
    from {{ ref('fct_mrr_daily') }}
    group by date_day
),

month_ends as (
    select c.month_start, max(c.date_day) as last_day, min(c.date_day) as first_day
    from {{ ref('dim_calendar') }} as c
    cross join {{ ref('horizon') }} as h
    where c.date_day <= h.as_of
    group by c.month_start
),

changes as (
    select m.month_start, sum(v.delta) as delta
    from month_ends as m
    inner join {{ ref('fct_mrr_movements') }} as v on v.moved_on between m.first_day and m.last_day
    group by m.month_start
),

balances as (
    select
        m.month_start,
        coalesce(b.mrr, cast(0 as decimal(18, 2))) as mrr,
        lag(coalesce(b.mrr, cast(0 as decimal(18, 2)))) over (order by m.month_start) as mrr_before
    from month_ends as m
    left join balance as b on m.last_day = b.date_day
)

select s.month_start, s.mrr, s.mrr_before, c.delta
from balances as s
left join changes as c on s.month_start = c.month_start
where s.mrr_before is not null
    and s.mrr - s.mrr_before <> coalesce(c.delta, cast(0 as decimal(18, 2)))
