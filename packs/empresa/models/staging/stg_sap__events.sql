select
    {{ clean_text('e.prj_code') }} as event_code,
    {{ clean_text('e.prj_name') }} as evento,
    {{ clean_text('e.u_tipo') }} as tipo_evento,
    coalesce(t.meant, {{ clean_text('e.u_cidade') }}) as cidade,
    {{ clean_text('e.u_uf') }} as uf,
    cast(e.valid_from as date) as starts_on,
    cast(e.valid_to as date) as ends_on
from {{ ref('base_sap__oprj') }} as e
left join {{ ref('stg_planilhas__spellings') }} as t
    on t.kind = 'cidade' and t.written = {{ clean_text('e.u_cidade') }}
