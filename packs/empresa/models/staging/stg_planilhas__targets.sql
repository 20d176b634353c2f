select
    {{ clean_text('kpi') }} as kpi,
    {{ month_start('cast(mes as date)') }} as month_start,
    max(cast(meta as decimal(18, 4))) as target
from {{ source('planilhas', 'metas') }}
where not coalesce(_mirante_deleted, false)
group by {{ clean_text('kpi') }}, {{ month_start('cast(mes as date)') }}
