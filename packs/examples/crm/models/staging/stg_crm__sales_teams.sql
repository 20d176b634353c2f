select
    sales_agent as agent,
    manager,
    regional_office as region
from {{ source('crm', 'sales_teams') }}
where not coalesce(_mirante_deleted, false)
