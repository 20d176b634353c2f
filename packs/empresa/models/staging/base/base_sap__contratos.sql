-- Recurring contracts, which the company keeps in a user table.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'contratos'), 'contrato_id', 'update_date') }}
{% else %}
select
    code as contrato_id,
    u_card_code as card_code,
    u_produto as produto,
    u_tipo as tipo
from {{ source('sap', 'u_contratos') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
