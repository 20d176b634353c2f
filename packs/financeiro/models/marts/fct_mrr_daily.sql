-- The balance of each day. A balance is no flow: summing movements of a period gives its change, not its value.
with days as (
    select c.date_day
    from {{ ref('dim_calendar') }} as c
    cross join {{ ref('horizon') }} as h
    where c.date_day <= h.as_of
),

balance as (
    {{ mrr_by_day(ref('stg_sap__contract_terms'), 'days') }}
)

select
    b.date_day,
    k.plano,
    k.tipo_contrato,
    k.segmento,
    k.canal,
    k.regiao,
    k.uf,
    k.filial,
    cast(sum(b.monthly_value) as decimal(18, 2)) as mrr,
    count(*) as contracts
from balance as b
left join {{ ref('dim_contracts') }} as k on b.contract_id = k.contract_id
group by b.date_day, k.plano, k.tipo_contrato, k.segmento, k.canal, k.regiao, k.uf, k.filial
-- By day, so that a period reads few row groups.
order by b.date_day
