select
    {{ whole('doc_entry') }} as order_entry,
    {{ whole('line_num') }} as line_num,
    {{ item_code('item_code') }} as item_code,
    {{ money('line_total') }} as line_total
from {{ ref('base_sap__rdr1') }} as l
