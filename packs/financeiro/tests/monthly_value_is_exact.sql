-- A period's value that does not divide into whole cents would let the months drift from the contract.
select t.contract_id, t.monthly_value, v.valor_periodo
from {{ ref('stg_sap__contract_terms') }} as t
inner join {{ ref('base_sap__contratos_vigencias') }} as v
    on t.contract_id = {{ empresa.clean_text('v.contrato_id') }} and t.term = {{ empresa.whole('v.sequencia') }}
where t.monthly_value
    * case {{ empresa.clean_text('v.periodicidade') }} when 'Mensal' then 1 when 'Trimestral' then 3 when 'Semestral' then 6 when 'Anual' then 12 end
    <> cast(v.valor_periodo as decimal(14, 2))
