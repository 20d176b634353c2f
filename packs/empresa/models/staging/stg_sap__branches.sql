select
    {{ whole('bpl_id') }} as branch_id,
    {{ clean_text('bpl_name') }} as filial,
    cast(u_abertura as date) as opened_on
from {{ ref('base_sap__obpl') }} as b
