{{ config(severity='warn') }}
-- The ledger and the marketing team's own list of an event's costs must agree.
select c.event_code, c.cost as ledger, s.cost as spreadsheet
from {{ ref('fct_event_results') }} as c
inner join (
    select {{ empresa.clean_text('codigo') }} as event_code, sum({{ empresa.money('valor') }}) as cost
    from {{ source('planilhas', 'eventos_custos') }}
    where not coalesce(_mirante_deleted, false)
    group by {{ empresa.clean_text('codigo') }}
) as s on c.event_code = s.event_code
where c.cost <> s.cost
