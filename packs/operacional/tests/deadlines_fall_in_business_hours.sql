select t.deadline_day, t.hora, t.filial
from {{ ref('fct_whatsapp_turns') }} as t
where t.dia_semana in ('sáb', 'dom') or t.hora < '08h' or t.hora > '18h'
