{{ config(materialized='table') }}
-- Each delivery comes from exactly one order; its lines say which.
select
    d.delivery_entry,
    d.delivered_on,
    l.order_entry
from (
    select {{ whole('doc_entry') }} as delivery_entry, cast(doc_date as date) as delivered_on
    from {{ ref('base_sap__odln') }} as h
    where canceled = 'N'
) as d
inner join (
    select {{ whole('doc_entry') }} as delivery_entry, min({{ whole('base_entry') }}) as order_entry
    from {{ ref('base_sap__dln1') }} as n
    where base_type = 17
    group by {{ whole('doc_entry') }}
) as l on d.delivery_entry = l.delivery_entry
