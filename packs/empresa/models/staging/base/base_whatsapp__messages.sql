-- Messages of people in conversations, one row each. The service desk's export tells the conversation, and who of us wrote. WhatsApp itself
-- knows no conversations: there a message is of the one that its contact had at that moment. Robots and campaigns send through the API,
-- which tells of statuses alone; what the system says of users is no message.
{% if 'whatsapp' in var('source_kinds') %}
select
    m.message_id,
    c.conversation_id,
    m.sent_at,
    m.from_agent
from (
    select
        id as message_id,
        coalesce(case when direction = 'inbound' then from_phone else to_phone end, user_id) as contact,
        {{ unix_seconds('"timestamp"') }} as sent_at,
        case when direction = 'outbound' then 1 else 0 end as from_agent
    from {{ source('whatsapp', 'messages') }}
    where not coalesce(_mirante_deleted, false)
        and coalesce("type", '') <> 'system'
) as m
inner join {{ ref('base_atendimento__conversations') }} as c
    on m.contact = c.contact
    and m.sent_at >= c.opened_at
    and m.sent_at < c.ended_at
{% else %}
-- Copies of a message are identical, so grouping by its id keeps one.
select
    id as message_id,
    min(cast(conversation_id as varchar)) as conversation_id,
    min({{ whole('"timestamp"') }}) as sent_at,
    max(case when sender = 'agent' then 1 else 0 end) as from_agent
from {{ source('atendimento', 'messages') }}
where not coalesce(_mirante_deleted, false)
    and conversation_id is not null
    and (sender = 'agent' or (sender = 'contact' and direction = 'inbound'))
group by id
{% endif %}
