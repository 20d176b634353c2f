{{ config(materialized='table') }}
-- Won and lost days come from finish_date: last_update_date moves on every later edit.
select
    {{ whole('d.id') }} as deal_id,
    {{ whole('d.contact_id') }} as contact_id,
    {{ whole('d.status_id') }} as status_id,
    {{ whole('d.loss_reason_id') }} as loss_reason_id,
    {{ whole('d.owner_id') }} as owner_id,
    {{ whole('d.filial') }} as branch_id,
    {{ clean_text('o.name') }} as canal,
    {{ item_code('d.produto_codigo') }} as item_code,
    {{ clean_text('d.evento_codigo') }} as event_code,
    {{ money('d.amount') }} as amount,
    cast(d.create_date as date) as created_on,
    cast(d.start_date as date) as started_on,
    cast(d.finish_date as date) as finished_on
from {{ ref('base_ploomes__deals') }} as d
left join {{ ref('base_ploomes__origins') }} as o on d.origin_id = o.id
