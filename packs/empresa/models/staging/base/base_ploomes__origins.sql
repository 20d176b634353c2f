-- Channels of origin.
{% if var('source_kinds').ploomes == 'files' %}
{{ newest(source('ploomes', 'origins'), 'id') }}
{% else %}
select id, name
from {{ source('ploomes', 'origins') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
