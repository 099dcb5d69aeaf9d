with

calls as (

    select * from {{ ref('ops_calls') }}

),

aggregated as (

    select
        started_at::date as spent_date,

        provider,
        host,
        model,

        count(*) as attempts,
        count(*) filter (where outcome not in ('ok', 'partial')) as failed_attempts,
        count(*) filter (where is_maybe_paid) as maybe_paid_attempts,
        count(*) filter (where cost_usd is null) as unknown_cost_attempts,
        sum(asks)::bigint as asks,
        sum(answers)::bigint as answers,
        coalesce(sum(input_tokens), 0)::bigint as input_tokens,
        coalesce(sum(cached_tokens), 0)::bigint as cached_tokens,
        coalesce(sum(output_tokens), 0)::bigint as output_tokens,
        coalesce(sum(cost_usd), 0) as known_cost_usd,
        count(*) filter (where outcome not in ('ok', 'partial')) / count(*) as failure_share

    from calls
    group by spent_date, provider, host, model

)

select * from aggregated
