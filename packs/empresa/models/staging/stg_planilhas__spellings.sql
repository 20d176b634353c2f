select
    {{ clean_text('tipo') }} as kind,
    {{ clean_text('de') }} as written,
    min({{ clean_text('para') }}) as meant
from {{ source('planilhas', 'de_para') }}
where not coalesce(_mirante_deleted, false)
group by {{ clean_text('tipo') }}, {{ clean_text('de') }}
