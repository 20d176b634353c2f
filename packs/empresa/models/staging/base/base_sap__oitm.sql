-- Items, with the name of their group.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'oitm'), 'item_code', 'update_date') }}
{% else %}
select
    i.item_code,
    i.item_name,
    g.group_name as itms_grp_nam,
    i.u_linha
from {{ source('sap', 'items') }} as i
left join {{ source('sap', 'item_groups') }} as g
    on i.items_group_code = g.number and not coalesce(g._mirante_deleted, false)
where not coalesce(i._mirante_deleted, false)
{% endif %}
