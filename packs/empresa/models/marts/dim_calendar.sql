-- Four whole years back from the last covered day, so that 36 months and their comparison fit, and the year ahead for targets.
with span as (
    select
        {{ plus_days(dbt.date_trunc('year', 'as_of'), '-1462') }} as first_guess,
        as_of
    from {{ ref('horizon') }}
),

bounds as (
    select
        cast({{ dbt.date_trunc('year', 'first_guess') }} as date) as first_day,
        {{ plus_days('as_of', 400) }} as last_day
    from span
),

numbers as (
    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit as n
    from {{ ref('digits') }} as a
    cross join {{ ref('digits') }} as b
    cross join {{ ref('digits') }} as c
    cross join {{ ref('digits') }} as d
    where a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit < 2400
),

days as (
    select
        {{ plus_days('bounds.first_day', 'numbers.n') }} as date_day,
        bounds.last_day
    from numbers
    cross join bounds
),

numbered as (
    select
        date_day,
        {{ month_start('date_day') }} as month_start,
        {{ day_number('date_day') }} as day_number
    from days
    where date_day <= last_day
)

select
    date_day,
    month_start,
    day_number,
    -- Day 0, 1970-01-01, was a Thursday; Monday is 1.
    (day_number + 3) % 7 + 1 as iso_weekday
from numbered
