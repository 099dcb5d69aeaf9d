{#- Rows for which a SQL expression does not hold; on a column, the expression follows its name. -#}
{% test expression_is_true(model, expression, column_name=none) %}

with

validation_errors as (

    select * from {{ model }}
    where ({{ column_name or '' }} {{ expression }}) is not true

)

select * from validation_errors

{% endtest %}
