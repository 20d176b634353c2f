select
    {{ whole('c.id') }} as contact_id,
    {{ clean_text('c.codigo_sap') }} as customer_code,
    {{ clean_text('c.line_of_business') }} as segmento,
    coalesce(s.meant, {{ clean_text('c.city') }}) as cidade,
    {{ clean_text('c.state') }} as uf
from {{ ref('base_ploomes__contacts') }} as c
left join {{ ref('stg_planilhas__spellings') }} as s
    on s.kind = 'cidade' and s.written = {{ clean_text('c.city') }}
