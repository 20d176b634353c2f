-- Every day from the first engagement to the last event of the data.
with span as (
    select
        min(engage_date) as first_day,
        max(coalesce(close_date, engage_date)) as last_day
    from {{ ref('stg_crm__opportunities') }}
),

numbers as (
    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit as n
    from {{ ref('crm_digits') }} as a
    cross join {{ ref('crm_digits') }} as b
    cross join {{ ref('crm_digits') }} as c
    cross join {{ ref('crm_digits') }} as d
),

days as (
    select
        cast({{ dbt.dateadd('day', 'numbers.n', 'span.first_day') }} as date) as date_day,
        span.last_day
    from numbers
    cross join span
)

select date_day
from days
where date_day <= last_day
