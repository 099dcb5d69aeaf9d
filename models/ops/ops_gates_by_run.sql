{#- A view on a view that is refreshed when a run ends: a red gate shows although it skips ops. -#}
with

gate_results as (

    select * from {{ ref('ops_gate_results') }}

),

aggregated as (

    select
        invocation_id,

        gate,

        count(*) as expectations,
        count(*) filter (where is_red) as red_expectations,
        count(distinct suite) as suites,
        coalesce(sum(evaluated), 0)::bigint as evaluated,
        coalesce(sum(unexpected), 0)::bigint as unexpected,

        bool_or(is_red) as is_red,

        min(checked_at) as checked_at

    from gate_results
    group by invocation_id, gate

)

select * from aggregated
