select counted.fact_rows, counted.line_rows, counted.fact_sales, counted.line_sales
from (
    select
        (select count(*) from {{ ref('fct_sales') }}) as fact_rows,
        (select count(*) from {{ ref('int_sales_lines') }} as l cross join {{ ref('horizon') }} as h where l.sold_on <= h.as_of) as line_rows,
        (select sum(net_sales) from {{ ref('fct_sales') }}) as fact_sales,
        (select sum(l.net_sales) from {{ ref('int_sales_lines') }} as l cross join {{ ref('horizon') }} as h where l.sold_on <= h.as_of) as line_sales
) as counted
where counted.fact_rows <> counted.line_rows or counted.fact_sales <> counted.line_sales
