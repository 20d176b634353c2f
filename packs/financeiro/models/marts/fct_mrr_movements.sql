-- What changed the balance, signed, on the first day on which the new value holds. Announced changes have not happened yet.
select
    m.movement_id,
    m.moved_on,
    case m.kind
        when 'Novo' then 'Novo'
        when 'Expansão' then 'Expansão'
        when 'Reajuste' then 'Expansão'
        when 'Contração' then 'Contração'
        when 'Cancelamento' then 'Churn'
    end as movimento,
    k.plano,
    k.tipo_contrato,
    k.segmento,
    k.canal,
    k.regiao,
    k.uf,
    k.filial,
    m.delta,
    case when m.kind = 'Novo' then m.delta else cast(0 as decimal(18, 2)) end as new_delta,
    case when m.kind in ('Expansão', 'Reajuste') then m.delta else cast(0 as decimal(18, 2)) end as expansion_delta,
    case when m.kind = 'Contração' then m.delta else cast(0 as decimal(18, 2)) end as contraction_delta,
    case when m.kind = 'Cancelamento' then m.delta else cast(0 as decimal(18, 2)) end as churn_delta
from {{ ref('stg_sap__contract_movements') }} as m
cross join {{ ref('horizon') }} as h
left join {{ ref('dim_contracts') }} as k on m.contract_id = k.contract_id
where m.moved_on <= h.as_of
