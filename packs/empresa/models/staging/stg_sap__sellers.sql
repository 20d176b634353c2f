select
    {{ whole('slp_code') }} as seller_code,
    {{ clean_text('slp_name') }} as vendedor
from {{ ref('base_sap__oslp') }} as s
