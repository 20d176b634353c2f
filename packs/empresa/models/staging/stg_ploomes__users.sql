select
    {{ whole('id') }} as user_id,
    {{ clean_text('name') }} as user_name,
    {{ whole('codigo_vendedor') }} as seller_code
from (
    {{ newest(source('ploomes', 'users'), 'id', 'last_update_date') }}
) as u
