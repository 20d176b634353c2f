select
    {{ clean_text('contrato_id') }} as contract_id,
    {{ clean_text('card_code') }} as customer_code,
    {{ clean_text('produto') }} as plano,
    {{ clean_text('tipo') }} as tipo_contrato
from (
    {{ newest(source('sap', 'contratos'), 'contrato_id', 'update_date') }}
) as c
