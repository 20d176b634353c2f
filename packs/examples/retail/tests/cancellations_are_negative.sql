select invoice_no, quantity
from {{ ref('fct_invoice_lines') }}
where is_cancellation and quantity > 0
