select day, user_id, channel, uf, category, product, seller, status, value, minutes
from {{ source('bench', 'events') }}
