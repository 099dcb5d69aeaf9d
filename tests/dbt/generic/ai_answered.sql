{#-
    An AI column of which too many rows have no answer. Rows without text (`skipped`) do not
    count; the share of the others that is not `ok` may be at most `max_unanswered`, which is
    `vars: ai_max_unanswered:` if it is left out. `answer` is the envelope.
-#}
{% test ai_answered(model, column_name, max_unanswered=none) %}

{%- set limit = var('ai_max_unanswered', 0.05) if max_unanswered is none else max_unanswered %}

with

asked as (

    select {{ column_name }}.status as status from {{ model }}
    where {{ column_name }}.status is distinct from 'skipped'

),

counted as (

    select
        count(*) as asked_count,
        count(*) filter (where status is distinct from 'ok') as unanswered_count

    from asked

),

validation_errors as (

    select * from counted
    where unanswered_count > {{ limit }} * asked_count

)

select * from validation_errors

{% endtest %}
