-- Business partners, one row each.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'ocrd'), 'card_code', 'update_date') }}
{% else %}
select
    card_code,
    card_name,
    u_segmento,
    u_canal,
    city,
    bill_to_state as state1,
    default_branch as bpl_id,
    sales_person_code as slp_code,
    u_primeira_compra
from {{ source('sap', 'business_partners') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
