{{ config(materialized='table') }}
-- Each delivery comes from exactly one order; its lines say which.
select
    d.delivery_entry,
    d.delivered_on,
    l.order_entry
from (
    select {{ whole('doc_entry') }} as delivery_entry, cast(doc_date as date) as delivered_on
    from (
        {{ newest(source('sap', 'odln'), 'doc_entry', 'update_date') }}
    ) as h
    where canceled = 'N'
) as d
inner join (
    select {{ whole('doc_entry') }} as delivery_entry, min({{ whole('base_entry') }}) as order_entry
    from (
        {{ newest(source('sap', 'dln1'), 'doc_entry, line_num', 'update_date') }}
    ) as n
    where base_type = 17
    group by {{ whole('doc_entry') }}
) as l on d.delivery_entry = l.delivery_entry
