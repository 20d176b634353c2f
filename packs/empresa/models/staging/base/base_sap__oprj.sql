-- Projects: one per event.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'oprj'), 'prj_code') }}
{% else %}
select
    code as prj_code,
    name as prj_name,
    u_tipo,
    u_cidade,
    u_uf,
    valid_from,
    valid_to
from {{ source('sap', 'projects') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
