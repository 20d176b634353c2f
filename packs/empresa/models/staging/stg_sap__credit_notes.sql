select
    {{ whole('n.doc_entry') }} as credit_entry,
    cast(n.doc_date as date) as returned_on,
    {{ clean_text('n.card_code') }} as customer_code,
    {{ whole('n.bpl_id') }} as branch_id,
    {{ whole('n.slp_code') }} as seller_code,
    {{ clean_text('n.ship_to_state') }} as uf,
    coalesce(k.meant, {{ clean_text('n.u_canal') }}) as canal
from {{ ref('base_sap__orin') }} as n
left join {{ ref('stg_planilhas__spellings') }} as k
    on k.kind = 'canal' and k.written = {{ clean_text('n.u_canal') }}
where n.canceled = 'N'
