-- A day off of one filial, or of all where none is named.
select distinct
    cast(data as date) as holiday,
    {{ whole('filial') }} as branch_id
from {{ source('planilhas', 'feriados') }}
where not coalesce(_mirante_deleted, false)
