select
    {{ clean_text('agent_id') }} as agent_id,
    {{ clean_text('name') }} as agente
from (
    {{ newest(source('atendimento', 'agents'), 'agent_id') }}
) as a
