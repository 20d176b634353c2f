select
    {{ whole('doc_entry') }} as credit_entry,
    {{ whole('line_num') }} as line_num,
    {{ item_code('item_code') }} as item_code,
    {{ money('line_total') }} as line_total,
    {{ money('u_icms') }} as icms,
    {{ money('u_pis') }} as pis,
    {{ money('u_cofins') }} as cofins,
    {{ money('stock_value') }} as cogs,
    {{ whole('base_entry') }} as invoice_entry
from {{ ref('base_sap__rin1') }} as l
