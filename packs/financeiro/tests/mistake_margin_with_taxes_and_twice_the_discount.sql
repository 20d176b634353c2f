-- Usual mistakes: taxes left in revenue, and the header discount taken off a line total that is then reduced again. Fixture: a line of
-- 1.000,00 under a header discount of 10 %, with ICMS 162,00, PIS 14,85 and COFINS 68,40, CMV 400,00.
-- Ours: 900,00 − 245,25 = 654,75 net, margin 254,75 ÷ 654,75 = 38,9 %. With taxes in: 500 ÷ 900 = 55,6 %.
with line as (
    select
        cast('1000.00' as decimal(18, 2)) as line_total,
        cast('10' as decimal(7, 2)) as header_discount,
        cast('162.00' as decimal(18, 2)) as icms,
        cast('14.85' as decimal(18, 2)) as pis,
        cast('68.40' as decimal(18, 2)) as cofins,
        cast('400.00' as decimal(18, 2)) as cogs
),

computed as (
    select
        {{ empresa.net_sales('line_total', 'header_discount', 'icms', 'pis', 'cofins') }} as ours,
        line_total * cast('0.90' as decimal(3, 2)) as taxes_left_in,
        {{ empresa.net_sales('line_total * cast(\'0.90\' as decimal(3, 2))', 'header_discount', 'icms', 'pis', 'cofins') }} as discounted_twice,
        cogs
    from line
)

select *
from computed
where ours <> cast('654.75' as decimal(18, 2))
    or ours - cogs <> cast('254.75' as decimal(18, 2))
    or ours = taxes_left_in
    or ours = discounted_twice
