{#-
    Values that are not among `labels`: the name of a label set, or a list.
    `value` is the expression to look at, the column itself if it is left out; with `many` it is a
    list of labels. NULL is no label and passes: `ai_known` and `ai_answered` count it.
-#}
{% test ai_labels_in(model, column_name, labels, value=none, many=false) %}

{#- By `context`, so that dbt does not parse all tests of a table anew when a set changes. -#}
{%- set accepted = context.assay._assay_labels('ai_labels_in', labels) if execute else [] %}
{%- set looked_at = value or column_name %}

with

given as (

    select {{ 'unnest(' ~ looked_at ~ ')' if many else looked_at }} as label from {{ model }}

),

validation_errors as (

    select label from given
    where label not in (
        {%- for label in accepted %}
        {{ assay._assay_quoted(label.name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    )

)

select * from validation_errors

{% endtest %}
