-- depends_on: {{ ref('tickets') }}
select
    {{ dbt_utils.generate_surrogate_key(['ticket_id', 'customer_id']) }} as ticket_key,
    ticket_id,
    customer_id,
    body,
    created_at

from {{ source('helpdesk', 'tickets') }}
