{{ config(materialized='table') }}
select
    {{ whole('doc_entry') }} as invoice_entry,
    {{ whole('line_num') }} as line_num,
    {{ item_code('item_code') }} as item_code,
    {{ money('line_total') }} as line_total,
    {{ money('u_icms') }} as icms,
    {{ money('u_pis') }} as pis,
    {{ money('u_cofins') }} as cofins,
    -- Cost as posted: the item's average price of today would rewrite the margin of the past.
    {{ money('stock_value') }} as cogs,
    {{ whole('base_type') }} as base_type,
    {{ whole('base_entry') }} as base_entry
from {{ ref('base_sap__inv1') }} as l
