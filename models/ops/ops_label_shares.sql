{#-
    Below everything that gates: what is here was accepted. `ai_label_drift` reads it in the next
    run. Never rebuilt, or the memory of what was accepted would be gone.
-#}
-- depends_on: {{ ref('gate_gold') }}
{{ config(materialized='incremental', full_refresh=false, on_schema_change='fail') }}

{%- set labels = {
    'silver_feedback': ['topic.value', 'details.value.desired_outcome'],
    'silver_customers': ['segment.value'],
    'silver_products': ['waterproof.value']
} -%}

with

labelled as (
    {% for model_name, column_names in labels.items() %}
    {%- set last_model = loop.last %}
    {%- for column_name in column_names %}
    {%- set envelope = column_name.split('.')[0] %}
    select
        '{{ model_name }}' as model_name,
        '{{ column_name }}' as column_name,
        {{ envelope }}.prompt_hash as prompt_hash,
        coalesce({{ column_name }}::varchar, '(none)') as label
    from {{ ref(model_name) }}
    where {{ envelope }}.status = 'ok'
    {% if not (last_model and loop.last) %}union all{% endif %}
    {%- endfor %}
    {%- endfor %}

),

counted as (

    select
        model_name,
        column_name,
        prompt_hash,
        label,
        count(*) as row_count

    from labelled
    group by model_name, column_name, prompt_hash, label

),

fingerprinted as (

    select
        *,
        bit_xor(hash(label, row_count)) over (partition by model_name, column_name, prompt_hash)
            as fingerprint

    from counted

),

changed as (

    select
        model_name,
        column_name,
        prompt_hash,
        label,
        '{{ invocation_id }}' as invocation_id,

        row_count,
        row_count / sum(row_count) over (partition by model_name, column_name, prompt_hash)
            as share,
        fingerprint,

        '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'::timestamp
            as accepted_at

    from fingerprinted
    {% if is_incremental() %}
    where
        row(model_name, column_name, prompt_hash, fingerprint) not in (
            select row(kept.model_name, kept.column_name, kept.prompt_hash, kept.fingerprint)
            from {{ this }} as kept
            qualify kept.accepted_at = max(kept.accepted_at) over (
                partition by kept.model_name, kept.column_name, kept.prompt_hash
            )
        )
    {% endif %}

)

select * from changed
