select
    {{ whole('id') }} as loss_reason_id,
    {{ clean_text('name') }} as motivo_perda
from {{ ref('base_ploomes__loss_reasons') }} as r
