-- Targets by day, one column per KPI: levels hold on every day of their month; a sum is spread over the month's business days,
-- with cumulative rounding so that the days add up to the month to the cent.
with targets as (
    select
        month_start,
        max(case when kpi = 'lead_conversion_rate' then target end) as lead_conversion_rate,
        max(case when kpi = 'cac' then target end) as cac,
        max(case when kpi = 'mrr' then target end) as mrr,
        max(case when kpi = 'whatsapp_sla' then target end) as whatsapp_sla,
        max(case when kpi = 'order_lead_time' then target end) as order_lead_time,
        max(case when kpi = 'gross_margin_pct' then target end) as gross_margin_pct,
        max(case when kpi = 'event_roi' then target end) as event_roi,
        max(case when kpi = 'net_sales' then target end) as net_sales
    from {{ ref('stg_planilhas__targets') }}
    group by month_start
),

company_days as (
    -- The company sells on a day on which most of its filiais are open.
    select
        date_day,
        month_start,
        case when 2 * sum(is_business_day) > count(*) then 1 else 0 end as is_business_day
    from {{ ref('dim_business_days') }}
    group by date_day, month_start
),

counted as (
    select
        date_day,
        month_start,
        is_business_day,
        sum(is_business_day) over (
            partition by month_start order by date_day rows between unbounded preceding and current row
        ) as business_day,
        sum(is_business_day) over (partition by month_start) as business_days
    from company_days
)

select
    c.date_day,
    t.lead_conversion_rate,
    t.cac,
    t.mrr,
    t.whatsapp_sla,
    t.order_lead_time,
    t.gross_margin_pct,
    t.event_roi,
    {{ money('round(cast(t.net_sales as double precision) * c.business_day / c.business_days, 2)') }}
    - {{ money('round(cast(t.net_sales as double precision) * (c.business_day - c.is_business_day) / c.business_days, 2)') }} as net_sales
from counted as c
inner join targets as t on c.month_start = t.month_start
