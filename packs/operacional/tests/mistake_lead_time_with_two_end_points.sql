-- Usual mistakes: two end-points (invoice or delivery, whichever is at hand), and open orders invisible. Fixture: order 1 delivered in two
-- parts and invoiced before the last, order 2 invoiced directly, order 3 open. Ours: order 1 ends with its last delivery, order 2 with its
-- invoice, order 3 has no end and is counted as open.
with deliveries as (
    select 1 as order_entry, cast('2026-06-05' as date) as fulfilled_on
    union all select 1, cast('2026-06-12' as date)
),

invoices as (
    select 1 as order_entry, cast('2026-06-08' as date) as fulfilled_on
    union all select 2, cast('2026-06-09' as date)
),

orders as (
    select 1 as order_entry union all select 2 union all select 3
),

ends as (
    {{ fulfilments('deliveries', 'invoices') }}
),

wanted as (
    select 1 as order_entry, cast('2026-06-12' as date) as fulfilled_on
    union all select 2, cast('2026-06-09' as date)
    union all select 3, cast(null as date)
)

select w.order_entry, w.fulfilled_on as wanted, e.fulfilled_on as ours
from wanted as w
inner join orders as o on w.order_entry = o.order_entry
left join ends as e on o.order_entry = e.order_entry
where coalesce(e.fulfilled_on, cast('1900-01-01' as date)) <> coalesce(w.fulfilled_on, cast('1900-01-01' as date))
