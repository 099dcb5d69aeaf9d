-- depends_on: {{ ref('customers') }}
select
    customer_id,
    full_name,
    updated_at

from {{ source('helpdesk', 'customers') }}
