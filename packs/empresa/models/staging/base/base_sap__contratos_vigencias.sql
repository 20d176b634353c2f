-- Spans of days in which the value of a contract holds.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'contratos_vigencias'), 'contrato_id, sequencia', 'update_date') }}
{% else %}
select
    u_contrato_id as contrato_id,
    u_sequencia as sequencia,
    {{ day_of_text('u_vigencia_inicio') }} as vigencia_inicio,
    {{ day_of_text('u_vigencia_fim') }} as vigencia_fim,
    u_valor_periodo as valor_periodo,
    u_periodicidade as periodicidade
from {{ source('sap', 'u_vigencias') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
