{{ config(materialized='table') }}
-- The last whole day that data covers. What has not happened by then is not yet known, and counts nowhere.
{% if var('as_of', none) %}
select cast('{{ var("as_of") }}' as date) as as_of
{% else %}
select max(happened.last_day) as as_of
from (
    select max(cast(create_date as date)) as last_day from {{ ref('base_ploomes__deals') }}
    union all
    select max(cast(doc_date as date)) as last_day from {{ ref('base_sap__oinv') }}
    union all
    select max(cast(opened_at as date)) as last_day from {{ source('atendimento', 'conversations') }}
) as happened
{% endif %}
