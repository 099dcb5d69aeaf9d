{#- Combinations of columns that stand in more than one row. -#}
{% test unique_together(model, columns) %}

with

validation_errors as (

    select
        {{ columns | join(', ') }},
        count(*) as row_count

    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1

)

select * from validation_errors

{% endtest %}
