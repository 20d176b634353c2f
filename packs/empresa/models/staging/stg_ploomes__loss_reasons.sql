select
    {{ whole('id') }} as loss_reason_id,
    {{ clean_text('name') }} as motivo_perda
from (
    {{ newest(source('ploomes', 'loss_reasons'), 'id') }}
) as r
