{#-
    An AI column whose answers are not all to the same question, or not all of the same model: a
    silent mix of old and new. `answer` is the envelope; with `one_model=false` only the question
    counts. Rows without an answer do not count.
-#}
{% test ai_one_prompt(model, column_name, one_model=true) %}

with

answered as (

    select
        {{ column_name }}.prompt_hash as prompt_hash,
        {{ column_name ~ '.model' if one_model else "'any'" }} as answering_model

    from {{ model }}
    where {{ column_name }}.status = 'ok'

),

kinds as (

    select
        prompt_hash,
        answering_model,
        count(*) as row_count

    from answered
    group by prompt_hash, answering_model

),

validation_errors as (

    select * from kinds
    where (select count(*) from kinds) > 1

)

select * from validation_errors

{% endtest %}
