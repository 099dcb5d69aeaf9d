{#-
    Every row of `compare_to` is in the model exactly once by `key`, and each of its `answers` is
    answered, skipped, failed, not attempted or pending: no envelope without a status or with one that is
    none of ours, no failure with a value. rows in = answered + skipped + dead-lettered + not attempted.
-#}
{% test rows_accounted(model, compare_to, key, answers) %}

with

lost as (

    select
        {{ key }},
        'lost' as problem

    from (select {{ key }} from {{ compare_to }} except select {{ key }} from {{ model }}) as gone

),

invented as (

    select
        {{ key }},
        'invented' as problem

    from (select {{ key }} from {{ model }} except select {{ key }} from {{ compare_to }}) as new

),

doubled as (

    select {{ key }}, 'doubled' as problem from {{ model }}
    group by {{ key }}
    having count(*) > 1

),

without_status as (
    {% for answer in answers %}
    select {{ key }}, {{ assay._assay_quoted('no status: ' ~ answer) }} as problem from {{ model }}
    where {{ answer }}.status is null
    union all
    select {{ key }}, {{ assay._assay_quoted('no such status: ' ~ answer) }} as problem from {{ model }}
    where {{ answer }}.status not in (
        'ok', 'skipped', 'refused', 'invalid', 'too_long', 'over_limit', 'transport', 'quota',
        'config', 'not_attempted', 'pending', 'unsupported', 'unclear'
    )
    union all
    select {{ key }}, {{ assay._assay_quoted('a value without status ok: ' ~ answer) }} from {{ model }}
    where {{ answer }}.status <> 'ok' and {{ answer }}.value is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

validation_errors as (

    select * from lost
    union all
    select * from invented
    union all
    select * from doubled
    union all
    select * from without_status

)

select * from validation_errors

{% endtest %}
