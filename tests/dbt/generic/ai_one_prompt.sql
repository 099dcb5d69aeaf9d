{#-
    An AI column whose answers come from more than `max_prompts` questions, so that old and new
    prompts or labels stand side by side; with `max_models` also from more than so many models.
-#}
{% test ai_one_prompt(model, column_name, max_prompts=1, max_models=none) %}

with

counted as (

    select
        count(distinct {{ column_name }}.prompt_hash) as prompt_count,
        count(distinct {{ column_name }}.model) as model_count

    from {{ model }}
    where {{ column_name }}.status = 'ok'

),

validation_errors as (

    select * from counted
    where
        prompt_count > {{ max_prompts }}
        {%- if max_models is not none %}
        or model_count > {{ max_models }}
        {%- endif %}

)

select * from validation_errors

{% endtest %}
