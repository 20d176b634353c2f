-- Usual mistake: won ÷ created, whenever won and however young. Fixture: of three mature leads one was won in time and one
-- after 120 days; a young lead is open. Ours: 1 ÷ 3. The mistake: 2 ÷ 4.
with leads as (
    select cast('2026-01-01' as date) as created_on, cast('2026-02-01' as date) as won_on
    union all select cast('2026-01-01' as date), cast('2026-05-01' as date)
    union all select cast('2026-01-01' as date), cast(null as date)
    union all select cast('2026-06-01' as date), cast(null as date)
),

dated as (
    select
        created_on,
        won_on,
        {{ empresa.plus_days('created_on', 90) }} as matured_on,
        cast('2026-06-29' as date) as as_of
    from leads
),

judged as (
    select
        sum({{ is_mature('matured_on', 'as_of') }}) as mature,
        sum({{ reached_in_time('won_on', 'matured_on', 'as_of') }}) as won_in_time,
        count(won_on) as ever_won,
        count(*) as ever_created
    from dated
)

select *
from judged
where won_in_time <> 1 or mature <> 3
    or won_in_time * ever_created = ever_won * mature
