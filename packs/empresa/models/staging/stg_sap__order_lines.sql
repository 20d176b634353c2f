select
    {{ whole('doc_entry') }} as order_entry,
    {{ whole('line_num') }} as line_num,
    {{ item_code('item_code') }} as item_code,
    {{ money('line_total') }} as line_total
from (
    {{ newest(source('sap', 'rdr1'), 'doc_entry, line_num', 'update_date') }}
) as l
