{#-
    Values that are not among `labels`: the name of a set under `vars: ai_labels:`, or a list.
    `value` is the expression to look at, the column itself if it is left out.
-#}
{% test ai_labels_in(model, column_name, labels, value=none) %}

{%- set accepted = _assay_labels('ai_labels_in', labels) | map(attribute='name') | list %}

with

validation_errors as (

    select {{ value or column_name }} as label from {{ model }}
    where {{ value or column_name }} not in (
        {%- for label in accepted %}
        '{{ label | replace("'", "''") }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )

)

select * from validation_errors

{% endtest %}
