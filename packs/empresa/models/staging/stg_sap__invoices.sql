{{ config(materialized='table') }}
-- Valid invoices only: N is neither cancelled (Y) nor the mirror that cancels (C). A bonus ships goods but is no sale.
select
    {{ whole('i.doc_entry') }} as invoice_entry,
    cast(i.doc_date as date) as invoiced_on,
    {{ clean_text('i.card_code') }} as customer_code,
    {{ whole('i.bpl_id') }} as branch_id,
    {{ whole('i.slp_code') }} as seller_code,
    {{ clean_text('i.ship_to_state') }} as uf,
    coalesce(t.meant, {{ clean_text('i.ship_to_city') }}) as cidade,
    coalesce(k.meant, {{ clean_text('i.u_canal') }}) as canal,
    cast(i.disc_prcnt as decimal(7, 2)) as header_discount,
    case when i.u_operacao = 'Venda' then 1 else 0 end as is_sale
from {{ ref('base_sap__oinv') }} as i
left join {{ ref('stg_planilhas__spellings') }} as k
    on k.kind = 'canal' and k.written = {{ clean_text('i.u_canal') }}
left join {{ ref('stg_planilhas__spellings') }} as t
    on t.kind = 'cidade' and t.written = {{ clean_text('i.ship_to_city') }}
where i.canceled = 'N'
