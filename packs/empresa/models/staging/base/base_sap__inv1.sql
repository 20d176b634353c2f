-- Lines of invoices; the stock value is the cost as it was posted.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'inv1'), 'doc_entry, line_num', 'update_date') }}
{% else %}
select
    doc_entry,
    line_num,
    item_code,
    line_total,
    u_icms,
    u_pis,
    u_cofins,
    gross_profit_total_base_price as stock_value,
    base_type,
    base_entry
from {{ source('sap', 'invoice_lines') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
