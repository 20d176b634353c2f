-- Usual mistakes: unanswered turns left out, 18:59 judged by the clock on the wall, holidays ignored. Fixture (UTC−3): filial 1 is off on
-- Thursday 4 June 2026 (Corpus Christi); queue open 8 to 18 h, 15 minutes.
--   a  Wed 3 June 10:00:00, answered 10:14:59        in time
--   b  Wed 3 June 17:50:00, answered Fri 5 June 8:05 in time: 10 minutes on Wednesday, 5 on Friday
--   c  Wed 3 June 18:59:00, answered Fri 5 June 8:14 in time: the clock starts on Friday at 8:00
--   d  Fri 5 June 9:00:00, never answered            late, and counted
--   e  Sat 6 June 11:00:00, answered Mon 8 June 8:16 late: due on Monday at 8:15
--   f  Wed 3 June 18:59:00, answered Fri 5 June 8:16 late: the hour after closing buys no minutes
-- Ours: 3 of 6. Leaving d out: 3 of 5. By the wall clock only a would be in time: 1 of 6.
with business_days as (
    select
        d.branch_id,
        d.date_day,
        {{ empresa.day_number('d.date_day') }} as day_number,
        d.is_business_day,
        sum(d.is_business_day) over (order by d.date_day rows between unbounded preceding and current row) as business_day_number
    from (
        select 1 as branch_id, cast('2026-06-03' as date) as date_day, 1 as is_business_day
        union all select 1, cast('2026-06-04' as date), 0
        union all select 1, cast('2026-06-05' as date), 1
        union all select 1, cast('2026-06-06' as date), 0
        union all select 1, cast('2026-06-07' as date), 0
        union all select 1, cast('2026-06-08' as date), 1
    ) as d
),

-- 1780498800 = 2026-06-03 12:00:00 in São Paulo.
messages as (
    select 'a' as conversation_id, 'm1' as message_id, 1780498800 - 7200 as sent_at, 0 as from_agent
    union all select 'a', 'm2', 1780498800 - 7200 + 60, 0
    union all select 'a', 'm3', 1780498800 - 7200 + 899, 1
    union all select 'b', 'm1', 1780498800 + 21000, 0
    union all select 'b', 'm2', 1780498800 + 158700, 1
    union all select 'c', 'm1', 1780498800 + 25140, 0
    union all select 'c', 'm2', 1780498800 + 159240, 1
    union all select 'd', 'm1', 1780498800 + 162000, 0
    union all select 'e', 'm1', 1780498800 + 255600, 0
    union all select 'e', 'm2', 1780498800 + 418560, 1
    union all select 'f', 'm1', 1780498800 + 25140, 0
    union all select 'f', 'm2', 1780498800 + 159360, 1
),

turns as (
    {{ whatsapp_turns('messages') }}
),

asked as (
    select t.*, 1 as branch_id, 15 as sla_minutes, 480 as opens_minute, 1080 as closes_minute
    from turns as t
),

due as (
    {{ turn_deadlines('asked', 'business_days') }}
),

counted as (
    select
        count(*) as turns,
        sum(case when answered_at <= deadline_at then 1 else 0 end) as in_time,
        count(answered_at) as answered,
        sum(case when answered_at - started_at <= 900 then 1 else 0 end) as by_the_wall_clock
    from due
)

select *
from counted
where turns <> 6 or in_time <> 3 or answered <> 5 or by_the_wall_clock <> 1
