-- A fourth decimal would be rounded away by staging without anyone noticing.
select invoice_no, unit_price
from {{ source('retail', 'online_retail') }}
where cast(unit_price as decimal(18, 3)) <> cast(unit_price as decimal(24, 9))
