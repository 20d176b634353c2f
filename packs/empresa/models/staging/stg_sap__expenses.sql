{{ config(materialized='table') }}
-- Lines on expense accounts; a reversal is a credit on the same account, so the difference nets it.
select
    cast(j.ref_date as date) as posted_on,
    {{ clean_text('j.project') }} as event_code,
    {{ clean_text('p.u_area') }} as area,
    coalesce(k.meant, {{ clean_text('j.u_canal') }}) as canal,
    {{ clean_text('j.u_uf') }} as uf,
    {{ whole('j.bpl_id') }} as branch_id,
    coalesce({{ money('j.debit') }}, cast(0 as decimal(18, 2)))
    - coalesce({{ money('j.credit') }}, cast(0 as decimal(18, 2))) as amount
from {{ ref('base_sap__jdt1') }} as j
left join {{ ref('base_sap__oprc') }} as p on {{ clean_text('j.profit_code') }} = {{ clean_text('p.prc_code') }}
left join {{ ref('stg_planilhas__spellings') }} as k
    on k.kind = 'canal' and k.written = {{ clean_text('j.u_canal') }}
where cast(j.account as varchar) like '4.%'
