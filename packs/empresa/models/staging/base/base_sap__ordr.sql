-- Orders, one row each.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'ordr'), 'doc_entry', 'update_date') }}
{% else %}
select
    doc_entry,
    {{ canceled() }} as canceled,
    doc_date,
    case when document_status = 'bost_Open' then 'O' else 'C' end as doc_status,
    card_code,
    bpl_id_assigned_to_invoice as bpl_id,
    sales_person_code as slp_code,
    ship_to_state,
    ship_to_city,
    u_canal,
    u_deal_id
from {{ source('sap', 'orders') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
