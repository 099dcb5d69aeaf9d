{#-
    A request that carried several questions counts for each with an equal share of its cost: the
    ledger knows what a request cost, not what a question did.
-#}
with

tasks as (

    select * from {{ source('assay_store', 'tasks') }}

),

answers as (

    select
        prompt_hash,
        count(*) as answers,
        max(answered_at)::timestamp as last_answered_at

    from {{ source('assay_store', 'answers') }}
    group by prompt_hash

),

failures as (

    select
        prompt_hash,
        count(*) as failures,
        max(failed_at) as last_failed_at

    from {{ ref('ops_failures') }}
    group by prompt_hash

),

sent as (

    select
        unnest(prompt_hashes) as prompt_hash,
        cost_usd / len(prompt_hashes) as cost_usd,
        started_at

    from {{ ref('ops_calls') }}

),

spent as (

    select
        prompt_hash,
        count(*) as attempts,
        coalesce(sum(cost_usd), 0) as known_cost_usd,
        max(started_at) as last_sent_at

    from sent
    group by prompt_hash

),

seen as (

    select
        prompt_hash,
        first_seen_at::timestamp as seen_at
    from tasks
    union all
    select
        prompt_hash,
        last_answered_at
    from answers
    union all
    select
        prompt_hash,
        last_failed_at
    from failures
    union all
    select
        prompt_hash,
        last_sent_at
    from spent

),

questions as (

    select
        prompt_hash,
        max(seen_at) as last_seen_at

    from seen
    group by prompt_hash

),

used as (

    select
        prompt_hash,
        list_sort(list(distinct model_name || '.' || column_name)) as used_by

    from {{ ref('ops_answer_statuses') }}
    where prompt_hash is not null
    group by prompt_hash

),

joined as (

    select
        questions.prompt_hash,

        'ai_' || tasks.kind as ai_function,
        tasks.spec,
        coalesce(used.used_by, []) as used_by,

        coalesce(answers.answers, 0) + coalesce(failures.failures, 0) as asks,
        coalesce(answers.answers, 0) as answers,
        coalesce(failures.failures, 0) as failures,
        coalesce(spent.attempts, 0) as attempts,
        coalesce(spent.known_cost_usd, 0) as known_cost_usd,
        coalesce(answers.answers, 0)
        / nullif(coalesce(answers.answers, 0) + coalesce(failures.failures, 0), 0)
            as answered_share,

        used.used_by is not null as is_in_use,

        tasks.first_seen_at::timestamp as first_seen_at,
        questions.last_seen_at

    from questions
    left join tasks on questions.prompt_hash = tasks.prompt_hash
    left join answers on questions.prompt_hash = answers.prompt_hash
    left join failures on questions.prompt_hash = failures.prompt_hash
    left join spent on questions.prompt_hash = spent.prompt_hash
    left join used on questions.prompt_hash = used.prompt_hash

)

select * from joined
