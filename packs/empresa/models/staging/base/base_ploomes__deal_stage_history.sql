-- Passages of deals through stages. The system keeps none: what is known is the stage of each open deal on each day since it was
-- connected, and what an export of the CRM, added as source `ploomes_historico`, told about the time before.
{% if var('source_kinds').ploomes == 'files' %}
{{ newest(source('ploomes', 'deal_stage_history'), 'id', 'last_update_date') }}
{% else %}
select
    s.deal_id,
    t.ordination,
    cast(s.day as timestamp) as entry_date
from {{ source('ploomes', 'deal_stage_snapshots') }} as s
inner join {{ source('ploomes', 'stages') }} as t on s.stage_id = t.id
where not coalesce(s._mirante_deleted, false)
{% if 'ploomes_historico' in var('source_kinds') %}

union all

select
    h.deal_id,
    h.ordination,
    h.entry_date
from (
    {{ newest(source('ploomes_historico', 'deal_stage_history'), 'id', 'last_update_date') }}
) as h
{% endif %}
{% endif %}
