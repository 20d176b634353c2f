-- Sellers.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'oslp'), 'slp_code') }}
{% else %}
select
    sales_employee_code as slp_code,
    sales_employee_name as slp_name
from {{ source('sap', 'sales_persons') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
