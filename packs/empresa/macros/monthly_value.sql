{#- Value of one month of a contract that bills by month, quarter, half-year or year. Multiplies by a rounded reciprocal and
    rounds to the cent, because decimal division gives a float in some databases; twelve digits keep the
    cents exact, and twenty digits before them make DuckDB multiply in 128 bits. -#}
{% macro monthly_value(value, periodicity) -%}
    cast(
        round(
            cast({{ value }} as decimal(20, 2)) * case {{ empresa.clean_text(periodicity) }}
                when 'Mensal' then cast('1.000000000000' as decimal(13, 12))
                when 'Trimestral' then cast('0.333333333333' as decimal(13, 12))
                when 'Semestral' then cast('0.166666666667' as decimal(13, 12))
                when 'Anual' then cast('0.083333333333' as decimal(13, 12))
            end, 2
        ) as decimal(18, 2)
    )
{%- endmacro %}
