{#- A code or a member without stray blanks; empty text is no value. -#}
{% macro clean_text(expression) -%}
    nullif(trim(cast({{ expression }} as varchar)), '')
{%- endmacro %}

{#- An item code: the CRM writes ` p0012` where the ERP writes `P0012`. -#}
{% macro item_code(expression) -%}
    nullif(upper(trim(cast({{ expression }} as varchar))), '')
{%- endmacro %}

{#- A whole number that a source may deliver as text or decimal. -#}
{% macro whole(expression) -%}
    cast({{ expression }} as bigint)
{%- endmacro %}
