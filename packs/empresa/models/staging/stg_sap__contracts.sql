select
    {{ clean_text('contrato_id') }} as contract_id,
    {{ clean_text('card_code') }} as customer_code,
    {{ clean_text('produto') }} as plano,
    {{ clean_text('tipo') }} as tipo_contrato
from {{ ref('base_sap__contratos') }} as c
