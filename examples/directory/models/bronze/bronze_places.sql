with

raw_places as (

    select * from {{ source('register', 'places') }}

)

select
    place_id,

    name,
    address,
    status,
    phone

from raw_places
