{%- set answers = {
    'silver_feedback': ['topic', 'sentiment', 'details'],
    'silver_customers': ['segment', 'interests', 'assessment'],
    'silver_products': ['summary', 'waterproof']
} -%}

with

statuses as (
    {% for model_name, column_names in answers.items() %}
    {%- set last_model = loop.last %}
    {%- for column_name in column_names %}
    select
        '{{ model_name }}' as model_name,
        '{{ column_name }}' as column_name,
        {{ column_name }}.prompt_hash as prompt_hash,
        {{ column_name }}.status as status
    from {{ ref(model_name) }}
    {% if not (last_model and loop.last) %}union all{% endif %}
    {%- endfor %}
    {%- endfor %}

),

counted as (

    select
        model_name,
        column_name,
        prompt_hash,
        status,
        count(*) as row_count

    from statuses
    group by model_name, column_name, prompt_hash, status

)

select * from counted
