{#-
    A quarantine that holds too many rows of `compare_to`: a share above `max_quarantined`, or what
    the row gate of the model `gated` allows (`max_quarantined_share`, 0.1 if nobody says). An
    empty `compare_to` is caught as well: a gate that looked at nothing has passed nothing.
-#}
{% test rows_passed(model, compare_to, gated=none, max_quarantined=none) %}

{%- set limit = assay._assay_gate_limit(
    'rows_passed', gated, 'max_quarantined_share', max_quarantined, 0.1
) %}

with

counted as (

    select
        (select count(*) from {{ model }}) as quarantined_count,
        (select count(*) from {{ compare_to }}) as checked_count,
        {{ limit }} as max_share

),

validation_errors as (

    select * from counted
    where checked_count = 0 or quarantined_count > max_share * checked_count

)

select * from validation_errors

{% endtest %}
