-- One row per span of days in which a contract's value holds, with the value of one month.
select
    {{ clean_text('contrato_id') }} as contract_id,
    {{ whole('sequencia') }} as term,
    cast(vigencia_inicio as date) as starts_on,
    cast(vigencia_fim as date) as ends_on,
    {{ monthly_value('valor_periodo', 'periodicidade') }} as monthly_value
from {{ ref('base_sap__contratos_vigencias') }} as v
