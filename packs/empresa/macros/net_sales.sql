{#- Net sales of a document line: the one place where a company maps what its tax set-up keeps inside the line total.
    The header discount is taken off here, once; `line_total` already holds the line's own discount. ICMS, PIS and COFINS are
    inside the line total; IPI and freight are outside and no revenue. The discount is a percentage: 5 = 5 %. -#}
{% macro net_sales(line_total, header_discount, icms, pis, cofins) -%}
    cast(
        round(
            cast({{ line_total }} as decimal(16, 2))
            * (100 - cast({{ header_discount }} as decimal(7, 2)))
            * cast('0.01' as decimal(3, 2)), 2
        ) as decimal(18, 2)
    )
    - {{ empresa.money(icms) }} - {{ empresa.money(pis) }} - {{ empresa.money(cofins) }}
{%- endmacro %}
