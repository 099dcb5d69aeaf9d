with

gate_results as (

    select * from {{ source('assay_store', 'gate_results') }}

),

typed as (

    select
        invocation_id,

        gate,
        suite,
        expectation,
        column_name,
        threshold,
        error,
        string_split(nullif(reasons, ''), ', ') as reasons,

        place,
        row_count,
        evaluated,
        minimum_evaluated,
        unexpected,
        unexpected_share,

        success = 1 as is_success,
        reasons <> '' as is_red,

        checked_at::timestamp as checked_at

    from gate_results

)

select * from typed
