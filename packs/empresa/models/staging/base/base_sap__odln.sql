-- Deliveries, one row each.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'odln'), 'doc_entry', 'update_date') }}
{% else %}
select
    doc_entry,
    {{ canceled() }} as canceled,
    doc_date
from {{ source('sap', 'deliveries') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
