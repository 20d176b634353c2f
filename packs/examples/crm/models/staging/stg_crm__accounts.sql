select
    account,
    sector,
    cast(year_established as integer) as year_established,
    cast(revenue as decimal(18, 2)) as revenue_millions,
    cast(employees as integer) as employees,
    office_location,
    subsidiary_of
from {{ source('crm', 'accounts') }}
where not coalesce(_mirante_deleted, false)
