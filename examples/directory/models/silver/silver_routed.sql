{# Only a sure name decides; all others are held against evidence, which is dear and right. #}
with

licences as (

    select * from {{ ref('silver_licences') }}

),

guesses as (

    select * from {{ ref('silver_guesses') }}

),

routed as (

    select
        licences.licence_id,

        licences.name,
        licences.address,
        licences.name_words,
        licences.door,
        case
            when licences.brand is not null then 'chain'
            when
                guesses.guess.value in ('shop', 'service')
                and coalesce(guesses.guess.confidence, 1) >= 0.5
                then guesses.guess.value
            else 'kitchen'
        end as route,

        licences.issued_on

    from licences
    left join guesses on licences.licence_id = guesses.licence_id

)

select * from routed
