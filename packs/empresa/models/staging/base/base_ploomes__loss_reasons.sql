-- Reasons of loss.
{% if var('source_kinds').ploomes == 'files' %}
{{ newest(source('ploomes', 'loss_reasons'), 'id') }}
{% else %}
select id, name
from {{ source('ploomes', 'loss_reasons') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
