-- Lines of journal entries, with the day of their entry.
{% if var('source_kinds').sap == 'files' %}
{{ newest(source('sap', 'jdt1'), 'trans_id, line_id') }}
{% else %}
select
    l.jdt_num as trans_id,
    l.line_id,
    e.reference_date as ref_date,
    l.account_code as account,
    l.debit,
    l.credit,
    l.costing_code as profit_code,
    l.project_code as project,
    l.bplid as bpl_id,
    l.u_canal,
    l.u_uf
from {{ source('sap', 'journal_entry_lines') }} as l
inner join {{ source('sap', 'journal_entries') }} as e on l.jdt_num = e.jdt_num
where not coalesce(l._mirante_deleted, false) and not coalesce(e._mirante_deleted, false)
{% endif %}
