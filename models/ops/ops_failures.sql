with

failures as (

    select * from {{ source('assay_store', 'failures') }}

),

discards as (

    select * from {{ ref('ops_discards') }}

),

discarded as (

    select
        failures.*,
        discards.discard_id is not null as is_discarded

    from failures
    left join discards
        on
            failures.key = discards.ask_key
            and failures.failed_at::timestamp = discards.failed_at

),

typed as (

    select
        key as ask_key,

        kind,
        model,
        host,
        prompt_hash,
        status,
        error,

        attempts,

        next_try_at is null
        and not is_discarded
        and status not in ('unsupported', 'unclear') as is_dead_letter,
        is_discarded,

        failed_at::timestamp as failed_at,
        next_try_at::timestamp as next_try_at

    from discarded

)

select * from typed
