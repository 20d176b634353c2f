-- Usual mistake: Σ movements of the month shown as MRR. Fixture: a contract of 1.000 since last year, raised to 1.100 in June, a new
-- one of 300 in June, one of 200 that ended on 10 June. Ours on 30 June: 1.400. The mistake: +100 +300 −200 = 200.
with terms as (
    select 'A' as contract_id, cast('2025-01-01' as date) as starts_on, cast('2026-06-14' as date) as ends_on, 1000 as monthly_value
    union all select 'A', cast('2026-06-15' as date), cast(null as date), 1100
    union all select 'B', cast('2026-06-05' as date), cast(null as date), 300
    union all select 'C', cast('2025-03-01' as date), cast('2026-06-10' as date), 200
),

days as (
    select cast('2026-05-31' as date) as date_day
    union all select cast('2026-06-10' as date)
    union all select cast('2026-06-30' as date)
),

balance as (
    select date_day, sum(monthly_value) as mrr
    from (
        {{ mrr_by_day('terms', 'days') }}
    ) as held
    group by date_day
),

wanted as (
    select cast('2026-05-31' as date) as date_day, 1200 as mrr
    union all select cast('2026-06-10' as date), 1500
    union all select cast('2026-06-30' as date), 1400
)

select w.date_day, w.mrr as wanted, b.mrr as ours
from wanted as w
left join balance as b on w.date_day = b.date_day
where b.mrr is null or b.mrr <> w.mrr or b.mrr = 200
