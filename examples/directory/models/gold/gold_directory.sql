-- depends_on: {{ ref('gate_silver') }}
with

places as (

    select * from {{ ref('silver_matched') }}

),

listed as (

    select
        licence_id,

        name,
        address,
        found.value.cuisine as cuisine,
        about.value as about,
        found.value.phone as phone,
        found.evidence[1].url as source_url,
        found.evidence[1]."quote" as source_quote,
        found.evidence_kind as evidence_kind,

        found.verified_at as verified_at,
        found.recheck_at as recheck_at

    from places
    where is_open

)

select * from listed
