{#-
    Aggregates of the model that differ from those of `compare_to`; `sums` maps one to the other.
    NULL counts as 0, and what differs by less than a millionth is equal.
-#}
{% test adds_up(model, compare_to, sums) %}

with

ours as (

    select
        {%- for sum in sums %}
        coalesce({{ sum }}, 0)::double as sum_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}

),

theirs as (

    select
        {%- for sum in sums.values() %}
        coalesce({{ sum }}, 0)::double as sum_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ compare_to }}

),

compared as (

    {%- for sum in sums %}
    select
        {{ assay._assay_quoted(sum) }} as aggregate,
        ours.sum_{{ loop.index }} as found,
        theirs.sum_{{ loop.index }} as expected
    from ours cross join theirs
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

validation_errors as (

    select * from compared
    where not abs(found - expected) < 1e-6

)

select * from validation_errors

{% endtest %}
