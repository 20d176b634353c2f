-- A closed order without a fulfilment day would leave the median unseen.
select order_entry, ordered_on, fulfilled_on, lead_days
from {{ ref('fct_orders') }}
where is_open = 0 and (lead_days is null or lead_days < 0)
