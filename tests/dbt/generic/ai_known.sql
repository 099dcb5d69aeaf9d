{#-
    An AI column of which too many answers are "cannot tell": among the rows with status `ok`, the
    share whose value is NULL or one of the labels `unknown` may be at most `max_unknown`, or what
    the row gate of the model says (`max_unknown_share`). It stands beside every test of accepted
    values, which an all-NULL column passes. `value` is the expression to look at.
-#}
{% test ai_known(model, column_name, value=none, unknown=['unknown'], max_unknown=none) %}

{%- set limit = assay._assay_gate_limit(
    'ai_known', assay._assay_tested_name(model), 'max_unknown_share', max_unknown, 0.4
) %}

with

answered as (

    select cast({{ value or column_name ~ '.value' }} as varchar) as answer from {{ model }}
    where {{ column_name }}.status = 'ok'

),

counted as (

    select
        count(*) as answered_count,
        count(*) filter (
            where answer is null
            {%- for label in unknown %} or answer = {{ assay._assay_quoted(label) }}{% endfor %}
        ) as unknown_count,
        {{ limit }} as max_share

    from answered

),

validation_errors as (

    select * from counted
    where unknown_count > max_share * answered_count

)

select * from validation_errors

{% endtest %}
