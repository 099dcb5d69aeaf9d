{#-
    Extracted values that do not occur in the text they were extracted from. `text` and `value` are
    SQL expressions; `value` is a text or, with `many`, a list of texts. Both sides are compared in
    NFC, lower case and without invisible characters, which is how texts are sent.
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
        {%- for side in ['source_text', 'extracted_value'] %}
        lower(nfc_normalize(regexp_replace({{ side }}, '[\p{Cc}\p{Cf}\p{Zs}\x{FE00}-\x{FE0F}]', '', 'g')))
            as visible_{{ side }}{{ ',' if not loop.last }}
        {%- endfor %}

    from pairs
    where extracted_value is not null

),

validation_errors as (

    select extracted_value from compared
    where contains(visible_source_text, visible_extracted_value) is not true

)

select * from validation_errors

{% endtest %}
