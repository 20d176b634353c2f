-- Cost centres.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'oprc'), 'prc_code') }}
{% else %}
select
    center_code as prc_code,
    u_area
from {{ source('sap', 'profit_centers') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
