select
    k.contract_id,
    k.plano,
    k.tipo_contrato,
    c.segmento,
    c.canal,
    c.regiao,
    c.uf,
    c.filial
from {{ ref('stg_sap__contracts') }} as k
left join {{ ref('dim_customers') }} as c on k.customer_code = c.customer_code
