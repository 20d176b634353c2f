select
    {{ whole('slp_code') }} as seller_code,
    {{ clean_text('slp_name') }} as vendedor
from (
    {{ newest(source('sap', 'oslp'), 'slp_code') }}
) as s
