select
    {{ clean_text('conversation_id') }} as conversation_id,
    {{ clean_text('queue_id') }} as queue_id,
    {{ clean_text('agent_id') }} as agent_id,
    {{ clean_text('subject') }} as assunto,
    {{ clean_text('uf') }} as uf
from (
    {{ newest(source('whatsapp', 'conversations'), 'conversation_id') }}
) as c
