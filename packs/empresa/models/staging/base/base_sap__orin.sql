-- Credit notes, one row each.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'orin'), 'doc_entry', 'update_date') }}
{% else %}
select
    doc_entry,
    {{ canceled() }} as canceled,
    doc_date,
    card_code,
    bpl_id_assigned_to_invoice as bpl_id,
    sales_person_code as slp_code,
    ship_to_state,
    u_canal
from {{ source('sap', 'credit_notes') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
