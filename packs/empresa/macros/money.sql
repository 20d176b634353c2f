{#- Money is exact: cents in a decimal, never a float. -#}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 2))
{%- endmacro %}
