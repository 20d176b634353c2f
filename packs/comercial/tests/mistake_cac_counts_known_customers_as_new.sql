-- Usual mistake: every customer first seen in the data is new. Fixture: three first invoices, one of a customer brought over.
-- Ours: 600 ÷ 2 = 300. The mistake: 600 ÷ 3 = 200. (The other usual mistake, a goal of "CAC < 3 × LTV", is no arithmetic:
-- the favourable direction of cac is down, and its description asks for LTV ÷ CAC ≥ 3.)
with first_sales as (
    select 'C1' as customer_code, cast(null as date) as bought_before
    union all select 'C2', cast(null as date)
    union all select 'C3', cast('2019-03-01' as date)
),

counted as (
    select
        sum(case when bought_before is null then 1 else 0 end) as new_customers,
        count(*) as first_seen
    from first_sales
)

select *
from counted
where new_customers <> 2 or 600 / new_customers <> 300 or new_customers = first_seen
