-- Net sales and cost of goods by document line, returns negative, with every dimension: one fact, one scan.
select
    l.sold_on,
    l.sale_entry,
    l.canal,
    c.segmento,
    u.regiao,
    l.uf,
    l.cidade,
    b.filial,
    i.familia,
    i.linha,
    i.produto,
    s.vendedor,
    l.net_sales,
    l.cogs,
    {{ empresa.money('l.net_sales - l.cogs') }} as gross_margin
from {{ ref('int_sales_lines') }} as l
cross join {{ ref('horizon') }} as h
left join {{ ref('stg_sap__customers') }} as c on l.customer_code = c.customer_code
left join {{ ref('ufs') }} as u on l.uf = u.uf
left join {{ ref('stg_sap__branches') }} as b on l.branch_id = b.branch_id
left join {{ ref('stg_sap__items') }} as i on l.item_code = i.item_code
left join {{ ref('stg_sap__sellers') }} as s on l.seller_code = s.seller_code
where l.sold_on <= h.as_of
-- By day, so that a period reads few row groups.
order by l.sold_on
