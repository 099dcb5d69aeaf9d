-- depends_on: {{ ref('silver_feedback') }}
-- depends_on: {{ ref('silver_customers') }}
-- depends_on: {{ ref('silver_products') }}
with

failures as (

    select * from {{ source('assay_store', 'failures') }}

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

        next_try_at is null as is_dead_letter,

        failed_at::timestamp as failed_at,
        next_try_at::timestamp as next_try_at

    from failures

)

select * from typed
