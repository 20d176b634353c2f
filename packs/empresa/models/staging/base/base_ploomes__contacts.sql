-- Companies: prospects and customers.
{% if var('source_kinds').ploomes == 'files' %}
{{ newest(source('ploomes', 'contacts'), 'id', 'last_update_date') }}
{% else %}
select
    id,
    codigo_sap,
    line_of_business_name as line_of_business,
    city_name as city,
    state_short as state
from {{ source('ploomes', 'contacts') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
