-- A won or lost deal without a close date would silently leave every metric by close date.
select opportunity_id
from {{ ref('fct_deals') }}
where closed = 1 and (close_date is null or engage_date is null or close_date < engage_date)
