{#-
    What was saved is an estimate: texts that the store knew, times what an answer to the same
    question of the same model has cost so far.
-#}
-- depends_on: {{ ref('silver_feedback') }}
-- depends_on: {{ ref('silver_customers') }}
-- depends_on: {{ ref('silver_products') }}
with

served as (

    select * from {{ source('assay_store', 'served') }}

),

runs as (

    select * from {{ ref('ops_runs') }}

),

sent as (

    select
        unnest(prompt_hashes) as prompt_hash,
        model,
        answers / len(prompt_hashes) as answers,
        cost_usd / len(prompt_hashes) as cost_usd

    from {{ ref('ops_calls') }}

),

prices as (

    select
        prompt_hash,
        model,
        sum(cost_usd) / nullif(sum(answers), 0) as answer_cost_usd

    from sent
    group by prompt_hash, model

),

estimated as (

    select
        served.invocation_id,

        'ai_' || served.kind as ai_function,
        served.prompt_hash,
        served.model,

        served.row_count,
        served.stored as stored_texts,
        prices.answer_cost_usd,
        served.stored * prices.answer_cost_usd as saved_usd,

        runs.started_at

    from served
    left join runs on served.invocation_id = runs.invocation_id
    left join prices on served.prompt_hash = prices.prompt_hash and served.model = prices.model

)

select * from estimated
