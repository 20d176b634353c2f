{#- 1 when a lead's days to be won are over by `as_of`. -#}
{% macro is_mature(matured_on, as_of) -%}
    case when {{ matured_on }} <= {{ as_of }} then 1 else 0 end
{%- endmacro %}

{#- 1 when a mature lead got there before its days were over: dated, so that a late win never rewrites an old cohort. -#}
{% macro reached_in_time(reached_on, matured_on, as_of) -%}
    case when {{ matured_on }} <= {{ as_of }} and {{ reached_on }} <= {{ matured_on }} then 1 else 0 end
{%- endmacro %}
