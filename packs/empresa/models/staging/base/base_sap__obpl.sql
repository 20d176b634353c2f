-- Filiais.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'obpl'), 'bpl_id') }}
{% else %}
select
    bplid as bpl_id,
    bpl_name,
    city,
    state,
    u_abertura
from {{ source('sap', 'business_places') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
