-- Deals, one row each. Moments are local, as people see them in the CRM.
{% if var('source_kinds').ploomes == 'files' %}
{{ newest(source('ploomes', 'deals'), 'id', 'last_update_date') }}
{% else %}
select
    id,
    contact_id,
    status_id,
    loss_reason_id,
    owner_id,
    origin_id,
    filial,
    produto_codigo,
    evento_codigo,
    amount,
    {{ local_time('create_date') }} as create_date,
    {{ local_time('start_date') }} as start_date,
    {{ local_time('finish_date') }} as finish_date
from {{ source('ploomes', 'deals') }}
where not coalesce(_mirante_deleted, false)
{% endif %}
