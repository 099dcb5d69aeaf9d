select
    licence_id,

    name,
    address,
    name_words,
    door,

    issued_on

from {{ ref('silver_routed') }}

where route = 'kitchen'
