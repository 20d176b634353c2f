-- Lines of deliveries.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'dln1'), 'doc_entry, line_num', 'update_date') }}
{% else %}
select
    doc_entry,
    line_num,
    base_type,
    base_entry
from {{ source('sap', 'delivery_lines') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
