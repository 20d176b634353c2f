select
    {{ whole('id') }} as user_id,
    {{ clean_text('name') }} as user_name,
    {{ whole('codigo_vendedor') }} as seller_code
from {{ ref('base_ploomes__users') }} as u
