{#- The rows of a raw table with one row per key: the newest version wins, because sources export corrected rows again.
    relation: raw table. key, version: column lists as SQL text; of equal versions the latest landed one wins. -#}
{% macro newest(relation, key, version=none) %}
    select *
    from (
        select
            landed.*,
            row_number() over (
                partition by {{ key }}
                order by {% if version %}{{ version }} desc, {% endif %}_mirante_loaded_at desc
            ) as newest_rank
        from {{ relation }} as landed
        where not coalesce(_mirante_deleted, false)
    ) as ranked
    where newest_rank = 1
{%- endmacro %}
