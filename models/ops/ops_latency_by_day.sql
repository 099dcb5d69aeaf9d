{#- A request that carried several questions counts once for each of them. -#}
with

calls as (

    select * from {{ ref('ops_calls') }}

),

by_prompt as (

    select
        started_at::date as sent_date,
        model,
        unnest(prompt_hashes) as prompt_hash,
        outcome in ('ok', 'partial') as is_answered,
        latency_seconds

    from calls

),

aggregated as (

    select
        sent_date,

        model,
        prompt_hash,

        count(*) as attempts,
        count(*) filter (where not is_answered) as failed_attempts,
        count(*) filter (where not is_answered) / count(*) as failure_share,
        quantile_cont(latency_seconds, 0.5) filter (where is_answered) as p50_seconds,
        quantile_cont(latency_seconds, 0.95) filter (where is_answered) as p95_seconds,
        quantile_cont(latency_seconds, 0.99) filter (where is_answered) as p99_seconds,
        max(latency_seconds) filter (where is_answered) as slowest_seconds

    from by_prompt
    group by sent_date, model, prompt_hash

)

select * from aggregated
