{#-
    A table whose newest row is older than it should be: older than the newest row of `compare_to`
    (by `compare_column`, the same column if it is left out), or without `compare_to` older than
    now in UTC; in both cases by more than `max_lag`, an interval such as '2 days'. A table without
    any time is older than everything.
-#}
{% test newer_than(model, column_name, compare_to=none, compare_column=none, max_lag=none) %}

{%- if compare_to is none and max_lag is none %}
    {%- do assay._assay_error(
        'newer_than', 'max_lag', max_lag, 'give compare_to, or an interval such as 2 days'
    ) %}
{%- endif %}

with

newest as (

    select
        (select max(cast({{ column_name }} as timestamp)) from {{ model }}) as newest_at,
        {%- if compare_to is none %}
        cast(current_timestamp at time zone 'UTC' as timestamp) as compared_at
        {%- else %}
        (
            select max(cast({{ compare_column or column_name }} as timestamp)) from {{ compare_to }}
        ) as compared_at
        {%- endif %}

),

validation_errors as (

    select * from newest
    where
        newest_at is null
        or newest_at + cast({{ assay._assay_quoted(max_lag or '0 days') }} as interval) < compared_at

)

select * from validation_errors

{% endtest %}
