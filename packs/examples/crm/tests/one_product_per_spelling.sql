-- "GTXPro" and "GTX Pro" are one product: two members would split its figures.
select lower(replace(product, ' ', '')) as product_key
from {{ ref('fct_deals') }}
group by lower(replace(product, ' ', ''))
having count(distinct product) > 1
