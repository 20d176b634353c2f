-- Copies of a message are identical, so grouping by its id keeps one; campaigns and bots belong to no turn.
select
    id as message_id,
    min(cast(conversation_id as varchar)) as conversation_id,
    min({{ whole('"timestamp"') }}) as sent_at,
    max(case when sender = 'agent' then 1 else 0 end) as from_agent
from {{ source('whatsapp', 'messages') }}
where not coalesce(_mirante_deleted, false)
    and conversation_id is not null
    and (sender = 'agent' or (sender = 'contact' and direction = 'inbound'))
group by id
