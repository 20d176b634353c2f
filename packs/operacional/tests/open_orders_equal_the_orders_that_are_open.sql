-- The running sums must end at the orders that the source itself calls open.
with last_day as (
    select coalesce(sum(o.open_orders), 0) as open_orders
    from {{ ref('fct_open_orders') }} as o
    inner join {{ ref('horizon') }} as h on o.date_day = h.as_of
),

source_says as (
    select count(*) as open_orders
    from {{ ref('fct_orders') }} as o
    cross join {{ ref('horizon') }} as h
    where o.is_open = 1 and o.ordered_on <= h.as_of
)

select l.open_orders, s.open_orders as expected
from last_day as l
cross join source_says as s
where l.open_orders <> s.open_orders
