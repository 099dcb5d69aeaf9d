{# The same door, and the same phone or a name that holds the other one. #}
with

described as (

    select * from {{ ref('silver_described_passed') }}

),

places as (

    select
        *,
        {{ name_words('name') }} as name_words,
        {{ door('address') }} as door

    from {{ ref('bronze_places') }}

),

pairs as (

    select
        described.licence_id,

        places.place_id,
        places.status

    from described
    inner join places on described.door = places.door
    where
        described.found.value.phone = places.phone
        or contains(places.name_words, described.name_words)
        or contains(described.name_words, places.name_words)
    qualify row_number() over (partition by described.licence_id order by places.place_id) = 1

),

matched as (

    select
        described.licence_id,
        pairs.place_id,

        described.name,
        described.address,
        described.found,
        described.about,

        pairs.status = 'OPERATIONAL' as is_open

    from described
    left join pairs on described.licence_id = pairs.licence_id

)

select * from matched
