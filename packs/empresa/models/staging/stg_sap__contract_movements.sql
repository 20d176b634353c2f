select
    {{ clean_text('movimento_id') }} as movement_id,
    {{ clean_text('contrato_id') }} as contract_id,
    cast(data as date) as moved_on,
    {{ clean_text('tipo') }} as kind,
    {{ money('delta') }} as delta
from {{ ref('base_sap__contratos_movimentos') }} as m
