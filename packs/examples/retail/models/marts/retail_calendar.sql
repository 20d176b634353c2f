-- Every day from the first invoice to the last.
with span as (
    select min(invoice_date) as first_day, max(invoice_date) as last_day
    from {{ ref('stg_retail__invoice_lines') }}
),

numbers as (
    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit as n
    from {{ ref('retail_digits') }} as a
    cross join {{ ref('retail_digits') }} as b
    cross join {{ ref('retail_digits') }} as c
    cross join {{ ref('retail_digits') }} as d
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
