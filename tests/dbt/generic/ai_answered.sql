{#-
    An AI column of which too many rows have no answer. Rows without text (`skipped`) and texts
    that the provider says it cannot judge (`unsupported`) do not count; the share of the others
    that is not `ok` may be at most `max_unanswered`, or what the row gate of the model says
    (`max_unanswered_share`). Rows that wait for a batch (`pending`) are neither: they are judged
    once they are back. Fewer than `min_asked` rows that were asked are
    an error of their own: a column of nothing but `skipped` has not been answered.
-#}
{% test ai_answered(model, column_name, max_unanswered=none, min_asked=1) %}

{%- do assay._assay_gone('ai_answered', 'ai_max_unanswered', 'max_unanswered_share') %}
{%- set limit = assay._assay_gate_limit(
    'ai_answered', assay._assay_tested_name(model), 'max_unanswered_share', max_unanswered, 0.05
) %}

with

asked as (

    select {{ column_name }}.status as status from {{ model }}
    where coalesce({{ column_name }}.status, '') not in ('skipped', 'unsupported')

),

counted as (

    select
        count(*) as asked_count,
        count(*) filter (where status is distinct from 'pending') as judged_count,
        count(*) filter (where status not in ('ok', 'pending') or status is null) as unanswered_count,
        {{ limit }} as max_share

    from asked

),

validation_errors as (

    select * from counted
    where unanswered_count > max_share * judged_count or asked_count < {{ min_asked }}

)

select * from validation_errors

{% endtest %}
