-- One row per inbound turn whose deadline has passed, answered or not: unanswered ones are the worst service, not no service.
with turns as (
    {{ whatsapp_turns(ref('stg_whatsapp__messages')) }}
),

asked as (
    select
        t.started_at,
        t.answered_at,
        q.fila,
        a.agente,
        c.assunto,
        c.uf,
        q.branch_id,
        q.sla_minutes,
        q.opens_minute,
        q.closes_minute
    from turns as t
    inner join {{ ref('stg_atendimento__conversations') }} as c on t.conversation_id = c.conversation_id
    inner join {{ ref('stg_atendimento__queues') }} as q on c.queue_id = q.queue_id
    left join {{ ref('stg_atendimento__agents') }} as a on c.agent_id = a.agent_id
),

due as (
    {{ turn_deadlines('asked', ref('dim_business_days')) }}
)

select
    d.deadline_day,
    case w.iso_weekday
        when 1 then 'seg' when 2 then 'ter' when 3 then 'qua' when 4 then 'qui'
        when 5 then 'sex' when 6 then 'sáb' when 7 then 'dom'
    end as dia_semana,
    lpad(cast(cast((d.deadline_second - d.deadline_second % 3600) / 3600 as bigint) as varchar), 2, '0') || 'h' as hora,
    d.fila,
    d.agente,
    d.assunto,
    u.regiao,
    d.uf,
    b.filial,
    1 as turns,
    case when d.answered_at <= d.deadline_at then 1 else 0 end as in_time,
    case when d.answered_at is null then 1 else 0 end as unanswered
from due as d
cross join {{ ref('horizon') }} as h
inner join {{ ref('dim_calendar') }} as w on d.deadline_day = w.date_day
left join {{ ref('ufs') }} as u on d.uf = u.uf
left join {{ ref('stg_sap__branches') }} as b on d.branch_id = b.branch_id
where d.deadline_day <= h.as_of
-- By day, so that a period reads few row groups.
order by d.deadline_day
