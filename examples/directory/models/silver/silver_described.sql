{# Only what evidence calls a place to eat; what it says of itself is cut to a sentence. #}
with

verified as (

    select * from {{ ref('silver_verified_passed') }}
    where found.status = 'ok' and found.value.is_a = 'restaurant'

),

pages as (

    select * from {{ ref('bronze_pages') }}

),

described as (

    select
        verified.licence_id,

        verified.name,
        verified.address,
        verified.name_words,
        verified.door,
        verified.found,
        pages.text as page,
        {{ assay.ai_summarize(
            'pages.text',
            max_words=30,
            instructions='What is cooked here, in one sentence, without name, address and phone.',
            detail=true
        ) }} as about

    from verified
    left join pages on verified.found.evidence[1].url = pages.url

)

select * from described
