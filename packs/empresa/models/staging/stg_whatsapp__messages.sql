select
    message_id,
    conversation_id,
    sent_at,
    from_agent
from {{ ref('base_whatsapp__messages') }}
