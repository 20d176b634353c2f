{#- State of a document of the Service Layer as its table has it: `N` is valid, `Y` was cancelled, `C` is the document that cancels another. -#}
{% macro canceled() -%}
    case
        when cancelled = 'tYES' or cancel_status = 'csYes' then 'Y'
        when cancel_status = 'csCancellation' then 'C'
        else 'N'
    end
{%- endmacro %}
