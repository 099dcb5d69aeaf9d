with

runs as (

    select * from {{ source('assay_store', 'runs') }}

),

typed as (

    select
        invocation_id,

        provider,
        host,
        model,
        stopped_by,
        message,

        started_at::timestamp as started_at

    from runs

)

select * from typed
