select
    invoice_no,
    invoice_date,
    stock_code,
    country,
    quantity,
    unit_price,
    -- Quantities of cancellations are negative, so that a plain sum is net.
    cast(quantity * unit_price as decimal(18, 3)) as amount,
    is_cancellation,
    case when not is_cancellation then invoice_no end as order_no,
    case when is_cancellation then invoice_no end as cancellation_no,
    case when not is_cancellation then customer_id end as customer_id
from {{ ref('stg_retail__invoice_lines') }}
-- By day, so that a period reads few row groups.
order by invoice_date
