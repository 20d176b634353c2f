-- Lines of orders.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'rdr1'), 'doc_entry, line_num', 'update_date') }}
{% else %}
select
    doc_entry,
    line_num,
    item_code,
    line_total
from {{ source('sap', 'order_lines') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
