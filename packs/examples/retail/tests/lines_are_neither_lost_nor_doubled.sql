select counted.fact_rows, counted.source_rows
from (
    select
        (select count(*) from {{ ref('fct_invoice_lines') }}) as fact_rows,
        (select count(*) from {{ source('retail', 'online_retail') }} where not coalesce(_mirante_deleted, false)) as source_rows
) as counted
where counted.fact_rows <> counted.source_rows
