{#- The plugin counts and prices these rows, as it does for `assay spend` and the report. -#}
with

savings as (

    select * from {{ source('assay_store', 'savings') }}

),

typed as (

    select
        invocation_id,

        'ai_' || kind as ai_function,
        prompt_hash,
        model,

        row_count,
        stored as stored_count,
        repeated as repeated_count,
        failed as failed_count,
        answer_cost_usd,
        saved_usd,

        started_at::timestamp as started_at

    from savings

)

select * from typed
