-- Conversations, one row each. Seconds are Unix seconds: a conversation lasts from `opened_at` until just before `ended_at`, when it was
-- closed or the contact began the next one. A contact is a number, or the business-scoped id of who withholds it.
select
    conversation_id,
    queue_id,
    agent_id,
    subject,
    uf,
    contact,
    opened_at,
    least(
        closed_at + 1,
        lead(opened_at, 1, cast(253402300800 as bigint)) over (partition by contact order by opened_at, conversation_id)
    ) as ended_at
from (
    select
        {{ clean_text('conversation_id') }} as conversation_id,
        {{ clean_text('queue_id') }} as queue_id,
        {{ clean_text('agent_id') }} as agent_id,
        {{ clean_text('subject') }} as subject,
        {{ clean_text('uf') }} as uf,
        coalesce({{ clean_text('wa_id') }}, {{ clean_text('user_id') }}) as contact,
        {{ unix_seconds_of_local('opened_at') }} as opened_at,
        coalesce({{ unix_seconds_of_local('closed_at') }}, 253402300799) as closed_at
    from (
        {{ newest(source('atendimento', 'conversations'), 'conversation_id') }}
    ) as landed
) as named
