select
    product,
    -- The pipeline writes "GTXPro" where the price list writes "GTX Pro".
    lower(replace(product, ' ', '')) as product_key,
    series,
    cast(sales_price as decimal(18, 2)) as sales_price
from {{ source('crm', 'products') }}
where not coalesce(_mirante_deleted, false)
