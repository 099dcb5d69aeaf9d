with

calls as (

    select * from {{ ref('ops_calls') }}

),

aggregated as (

    select
        invocation_id,

        provider,
        model,

        count(*) as attempts,
        count(*) filter (where outcome not in ('ok', 'partial')) as failed_attempts,
        count(*) filter (where is_maybe_paid) as maybe_paid_attempts,
        count(*) filter (where cost_usd is null) as unknown_cost_attempts,
        sum(answers)::bigint as answers,
        sum(input_tokens)::bigint as input_tokens,
        sum(cached_tokens)::bigint as cached_tokens,
        sum(output_tokens)::bigint as output_tokens,
        sum(cost_usd) as known_cost_usd,

        min(started_at) as started_at,
        max(ended_at) as ended_at

    from calls
    group by invocation_id, provider, model

)

select * from aggregated
