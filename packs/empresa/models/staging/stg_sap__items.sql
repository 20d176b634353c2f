select
    {{ item_code('item_code') }} as item_code,
    {{ clean_text('item_name') }} as produto,
    {{ clean_text('itms_grp_nam') }} as familia,
    {{ clean_text('u_linha') }} as linha
from {{ ref('base_sap__oitm') }} as i
