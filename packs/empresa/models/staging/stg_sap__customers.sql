{{ config(materialized='table') }}
select
    {{ clean_text('c.card_code') }} as customer_code,
    {{ clean_text('c.u_segmento') }} as segmento,
    coalesce(k.meant, {{ clean_text('c.u_canal') }}) as canal,
    coalesce(t.meant, {{ clean_text('c.city') }}) as cidade,
    {{ clean_text('c.state1') }} as uf,
    {{ whole('c.bpl_id') }} as branch_id,
    {{ whole('c.slp_code') }} as seller_code,
    -- Filled for customers who had bought before this company's data begin: they are never new.
    cast(c.u_primeira_compra as date) as bought_before
from {{ ref('base_sap__ocrd') }} as c
left join {{ ref('stg_planilhas__spellings') }} as k
    on k.kind = 'canal' and k.written = {{ clean_text('c.u_canal') }}
left join {{ ref('stg_planilhas__spellings') }} as t
    on t.kind = 'cidade' and t.written = {{ clean_text('c.city') }}
