-- Users, with the seller of the ERP that each is.
{% if var('source_kinds').ploomes == 'files' %}
{{ newest(source('ploomes', 'users'), 'id', 'last_update_date') }}
{% else %}
select id, name, codigo_vendedor
from {{ source('ploomes', 'users') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
