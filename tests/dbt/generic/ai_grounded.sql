{#-
    Extracted values that do not occur in the text they were extracted from, or hold nothing that
    one could see. `text` and `value` are SQL expressions; `value` is a text or, with `many`, a list
    of texts. Both sides are compared in NFC, lower case, without blanks and invisible characters.
-#}
{% test ai_grounded(model, text, value, many=false) %}

with

pairs as (

    select
        {{ text }} as source_text,
        {{ 'unnest(' ~ value ~ ')' if many else value }} as extracted_value

    from {{ model }}

),

compared as (

    select
        extracted_value,
        {{ assay._assay_visible('source_text') }} as visible_source_text,
        {{ assay._assay_visible('extracted_value') }} as visible_extracted_value

    from pairs
    where extracted_value is not null

),

validation_errors as (

    select extracted_value from compared
    where
        visible_extracted_value = ''
        or contains(visible_source_text, visible_extracted_value) is not true

)

select * from validation_errors

{% endtest %}
