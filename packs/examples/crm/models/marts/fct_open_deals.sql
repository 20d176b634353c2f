-- A stock is stored per day, because its value on a day cannot be had by summing events of a period.
select
    c.date_day,
    d.agent,
    d.manager,
    d.region,
    d.product,
    d.series,
    d.sector,
    count(*) as open_deals
from {{ ref('crm_calendar') }} as c
inner join {{ ref('fct_deals') }} as d
    on d.engage_date <= c.date_day
    and coalesce(d.close_date, cast('9999-12-31' as date)) > c.date_day
group by c.date_day, d.agent, d.manager, d.region, d.product, d.series, d.sector
-- By day, so that a period reads few row groups.
order by c.date_day
