-- depends_on: {{ ref('gate_silver') }}
select
    licence_id,

    name,
    address

from {{ ref('silver_routed') }}

where route = 'shop'
