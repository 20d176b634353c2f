-- One row per deal, from lead to won or lost. A lead is judged when its 90 days are over, on day `matured_on`: a younger
-- one has not had its time, and counting it would pull every recent rate down.
with stages as (
    select
        deal_id,
        min(case when stage = 2 then entered_on end) as qualified_on,
        min(case when stage = 3 then entered_on end) as proposed_on,
        min(case when stage = 4 then entered_on end) as negotiated_on
    from {{ ref('stg_ploomes__stage_entries') }}
    group by deal_id
),

leads as (
    select
        d.deal_id,
        d.status_id,
        d.canal,
        c.segmento,
        c.uf,
        c.cidade,
        d.branch_id,
        d.item_code,
        d.owner_id,
        d.loss_reason_id,
        d.event_code,
        d.amount,
        d.created_on,
        d.started_on,
        d.finished_on,
        {{ empresa.plus_days('d.created_on', 90) }} as matured_on,
        s.qualified_on,
        s.proposed_on,
        s.negotiated_on,
        h.as_of
    from {{ ref('stg_ploomes__deals') }} as d
    cross join {{ ref('horizon') }} as h
    left join {{ ref('stg_ploomes__contacts') }} as c on d.contact_id = c.contact_id
    left join stages as s on d.deal_id = s.deal_id
)

select
    l.deal_id,
    l.created_on,
    l.matured_on,
    case when l.status_id in (2, 3) then l.finished_on end as finished_on,
    l.canal,
    l.segmento,
    u.regiao,
    l.uf,
    l.cidade,
    b.filial,
    i.linha,
    i.produto,
    p.vendedor,
    r.motivo_perda,
    l.event_code,
    {{ is_mature('l.matured_on', 'l.as_of') }} as mature,
    {{ reached_in_time('l.qualified_on', 'l.matured_on', 'l.as_of') }} as mature_qualified,
    {{ reached_in_time('l.proposed_on', 'l.matured_on', 'l.as_of') }} as mature_proposed,
    {{ reached_in_time('l.negotiated_on', 'l.matured_on', 'l.as_of') }} as mature_negotiated,
    {{ reached_in_time('case when l.status_id = 2 then l.finished_on end', 'l.matured_on', 'l.as_of') }} as mature_won,
    case when l.status_id = 2 then 1 else 0 end as won,
    case when l.status_id in (2, 3) then 1 else 0 end as closed,
    case when l.status_id = 2 then {{ dbt.datediff('l.started_on', 'l.finished_on', 'day') }} end as cycle_days,
    l.amount
from leads as l
left join {{ ref('ufs') }} as u on l.uf = u.uf
left join {{ ref('stg_sap__branches') }} as b on l.branch_id = b.branch_id
left join {{ ref('stg_sap__items') }} as i on l.item_code = i.item_code
left join {{ ref('stg_ploomes__users') }} as o on l.owner_id = o.user_id
left join {{ ref('stg_sap__sellers') }} as p on o.seller_code = p.seller_code
left join {{ ref('stg_ploomes__loss_reasons') }} as r on l.loss_reason_id = r.loss_reason_id
-- By day, so that a period reads few row groups.
order by l.created_on
