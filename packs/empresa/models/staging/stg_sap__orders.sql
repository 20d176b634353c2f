{{ config(materialized='table') }}
select
    {{ whole('o.doc_entry') }} as order_entry,
    {{ clean_text('o.canceled') }} as canceled,
    {{ clean_text('o.doc_status') }} as doc_status,
    cast(o.doc_date as date) as ordered_on,
    {{ clean_text('o.card_code') }} as customer_code,
    {{ whole('o.bpl_id') }} as branch_id,
    {{ whole('o.slp_code') }} as seller_code,
    {{ clean_text('o.ship_to_state') }} as uf,
    coalesce(t.meant, {{ clean_text('o.ship_to_city') }}) as cidade,
    coalesce(k.meant, {{ clean_text('o.u_canal') }}) as canal,
    {{ whole('o.u_deal_id') }} as deal_id
from {{ ref('base_sap__ordr') }} as o
left join {{ ref('stg_planilhas__spellings') }} as k
    on k.kind = 'canal' and k.written = {{ clean_text('o.u_canal') }}
left join {{ ref('stg_planilhas__spellings') }} as t
    on t.kind = 'cidade' and t.written = {{ clean_text('o.ship_to_city') }}
