-- What changed the value of a contract.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'contratos_movimentos'), 'movimento_id') }}
{% else %}
select
    u_movimento_id as movimento_id,
    u_contrato_id as contrato_id,
    {{ day_of_text('u_data') }} as data,
    u_tipo as tipo,
    u_delta as delta
from {{ source('sap', 'u_movimentos') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
