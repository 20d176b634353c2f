-- Days off of the whole company. Mirante adds them to the national ones when it aligns business days.
select distinct holiday as day
from {{ ref('stg_planilhas__holidays') }}
where branch_id is null and holiday is not null
