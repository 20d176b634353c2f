select
    c.customer_code,
    c.segmento,
    c.canal,
    c.cidade,
    c.uf,
    u.regiao,
    b.filial,
    s.vendedor,
    c.bought_before
from {{ ref('stg_sap__customers') }} as c
left join {{ ref('ufs') }} as u on c.uf = u.uf
left join {{ ref('stg_sap__branches') }} as b on c.branch_id = b.branch_id
left join {{ ref('stg_sap__sellers') }} as s on c.seller_code = s.seller_code
