select
    opportunity_id,
    sales_agent as agent,
    lower(replace(product, ' ', '')) as product_key,
    account,
    deal_stage as stage,
    cast(engage_date as date) as engage_date,
    cast(close_date as date) as close_date,
    cast(close_value as decimal(18, 2)) as close_value
from {{ source('crm', 'sales_pipeline') }}
where not coalesce(_mirante_deleted, false)
