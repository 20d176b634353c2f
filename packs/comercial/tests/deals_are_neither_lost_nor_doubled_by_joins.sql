select counted.fact_rows, counted.staged_rows
from (
    select
        (select count(*) from {{ ref('fct_leads') }}) as fact_rows,
        (select count(*) from {{ ref('stg_ploomes__deals') }}) as staged_rows
) as counted
where counted.fact_rows <> counted.staged_rows
