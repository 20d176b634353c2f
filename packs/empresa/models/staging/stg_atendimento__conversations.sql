select
    conversation_id,
    queue_id,
    agent_id,
    subject as assunto,
    uf
from {{ ref('base_atendimento__conversations') }}
