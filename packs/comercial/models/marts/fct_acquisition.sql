-- What acquiring customers costs and the customers acquired, in one fact: the ratio of CAC needs both on one time axis.
with first_sales as (
    select customer_code, min(invoiced_on) as first_sale_on
    from {{ ref('stg_sap__invoices') }}
    where is_sale = 1
    group by customer_code
),

entries as (
    select
        e.posted_on as date_day,
        e.canal,
        cast(null as varchar) as segmento,
        e.uf,
        e.amount as cost,
        0 as new_customers
    from {{ ref('stg_sap__expenses') }} as e
    where e.area in ('Marketing', 'Vendas')

    union all

    select
        f.first_sale_on as date_day,
        c.canal,
        c.segmento,
        c.uf,
        cast(0 as decimal(18, 2)) as cost,
        1 as new_customers
    from first_sales as f
    inner join {{ ref('stg_sap__customers') }} as c on f.customer_code = c.customer_code
    -- Customers brought over from the old system were won before, whatever their first invoice here says.
    where c.bought_before is null
)

select
    e.date_day,
    e.canal,
    u.regiao,
    e.uf,
    e.segmento,
    e.cost,
    e.new_customers
from entries as e
left join {{ ref('ufs') }} as u on e.uf = u.uf
