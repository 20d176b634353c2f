-- First time that a deal entered each stage; going back and forth counts once.
select
    {{ whole('deal_id') }} as deal_id,
    {{ whole('ordination') }} as stage,
    min(cast(entry_date as date)) as entered_on
from {{ ref('base_ploomes__deal_stage_history') }} as h
group by {{ whole('deal_id') }}, {{ whole('ordination') }}
