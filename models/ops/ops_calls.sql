with

calls as (

    select * from {{ source('assay_store', 'calls') }}

),

typed as (

    select
        attempt_id,
        invocation_id,
        request_id,

        provider,
        host,
        model,
        string_split(prompt_hashes, ',') as prompt_hashes,
        outcome,
        error,
        service_tier,
        asked_with,

        attempt,
        records,
        asks,
        answers,
        http_status,
        input_tokens,
        cached_tokens,
        output_tokens,
        cost_usd,
        stated_usd,
        latency_seconds,

        maybe_paid = 1 as is_maybe_paid,

        started_at::timestamp as started_at,
        ended_at::timestamp as ended_at

    from calls

)

select * from typed
