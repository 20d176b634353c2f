-- Business days of each filial, numbered: the difference of two numbers is the business days between two days.
with days_off as (
    select distinct b.branch_id, h.holiday
    from {{ ref('stg_planilhas__holidays') }} as h
    cross join {{ ref('stg_sap__branches') }} as b
    where h.branch_id is null or h.branch_id = b.branch_id
),

days as (
    select
        b.branch_id,
        c.date_day,
        c.month_start,
        c.day_number,
        case when c.iso_weekday <= 5 and o.holiday is null then 1 else 0 end as is_business_day
    from {{ ref('dim_calendar') }} as c
    cross join {{ ref('stg_sap__branches') }} as b
    left join days_off as o on o.branch_id = b.branch_id and o.holiday = c.date_day
)

select
    branch_id,
    date_day,
    month_start,
    day_number,
    is_business_day,
    sum(is_business_day) over (
        partition by branch_id order by day_number rows between unbounded preceding and current row
    ) as business_day_number
from days
