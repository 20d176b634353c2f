-- Opening hours arrive as 08:00; minutes of the day count alike everywhere.
select
    {{ clean_text('queue_id') }} as queue_id,
    {{ clean_text('name') }} as fila,
    {{ whole('bpl_id') }} as branch_id,
    {{ whole('sla_minutes') }} as sla_minutes,
    {{ minute_of_day('opens') }} as opens_minute,
    {{ minute_of_day('closes') }} as closes_minute
from (
    {{ newest(source('atendimento', 'queues'), 'queue_id') }}
) as q
