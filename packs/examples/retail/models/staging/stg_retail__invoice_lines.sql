select
    invoice_no,
    invoice_no like 'C%' as is_cancellation,
    {{ invoice_day('invoice_date') }} as invoice_date,
    stock_code,
    description,
    cast(quantity as bigint) as quantity,
    -- The shop prices to the tenth of a penny; a float would lose the exact sum.
    cast(unit_price as decimal(18, 3)) as unit_price,
    cast(customer_id as bigint) as customer_id,
    country
from {{ source('retail', 'online_retail') }}
where not coalesce(_mirante_deleted, false)
