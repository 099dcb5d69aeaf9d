with

discards as (

    select * from {{ source('assay_store', 'discards') }}

),

typed as (

    select
        discard_id,
        key as ask_key,

        kind,
        model,
        host,
        prompt_hash,
        status,
        reason,
        discarded_by,

        attempts,

        failed_at::timestamp as failed_at,
        discarded_at::timestamp as discarded_at

    from discards

)

select * from typed
