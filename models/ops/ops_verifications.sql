with

answers as (

    select * from {{ source('assay_store', 'answers') }}

),

superseded as (

    select * from {{ source('assay_store', 'superseded') }}

),

verified as (

    select
        *,
        true as is_current
    from answers
    where kind = 'verify'

    union all

    select
        *,
        false as is_current
    from superseded
    where kind = 'verify'

),

typed as (

    select
        key as ask_key,

        prompt_hash,
        model,
        value::json ->> 'evidence_kind' as evidence_kind,
        (value::json -> 'fields')::varchar as fields,
        (value::json -> 'evidence')::varchar as evidence,

        coalesce(misses, 0) as misses,

        is_current,

        (value::json ->> 'verified_at')::timestamp as verified_at,
        expires_at::timestamp as recheck_at,
        tried_at::timestamp as tried_at

    from verified

)

select * from typed
