{#-
    The `where` of an incremental AI model: true for rows whose answers in the table are not what
    the store holds for their present text and prompt. That is: new rows, changed texts, changed
    labels, instructions or model, failures that may be tried again, replayed dead letters; never
    time alone. `key` is the unique key (or a list), `answers` maps columns of the table to the
    `ai_*(..., detail=true)` calls that fill them, `also` lists further columns that make a row due
    when they differ. A model whose table would lose or double rows by it is stopped.
-#}
{% macro ai_due(key, answers, also=[]) -%}
    {%- if key is string and not key | trim -%}
        {%- do assay._assay_error('ai_due', 'key', key, 'name the unique key, or a list of columns') -%}
    {%- endif -%}
    {%- set keys = assay._assay_names('ai_due', 'key', [key] if key is string else key) -%}
    {%- set also = assay._assay_names('ai_due', 'also', also) if also else [] -%}
    {%- do assay._assay_check_answers(answers) -%}
    {%- set answered = answers.keys() | map('lower') | list -%}
    {%- for name in also if name | trim('"') | lower in answered -%}
        {%- do assay._assay_error('ai_due', 'also', name, 'its answers are compared already; leave it out') -%}
    {%- endfor -%}
    {%- set compared = keys + also -%}
    {%- if not assay._assay_is_kept(keys, answers, also) -%}
        true
    {%- elif this and is_incremental() and assay._assay_can_compare(keys, answers, also) -%}
        {%- set wanted = assay._assay_columns(compared) + answers.values() | list -%}
        {%- set answered = assay._assay_columns(answers.keys(), 'held') -%}
        {%- set held = assay._assay_columns(compared, 'held') + answered -%}
        row({{ assay._assay_in_form(wanted | join(', '), 'peek') }}) not in (
            select row({{ held | join(', ') }}) from {{ this }} as held
            where {{ answered | join(' is not null and ') }} is not null
        )
    {%- else -%}
        {#- Always true; a column that is not there is found while there is nothing to lose. -#}
        row({{ assay._assay_columns(compared) | join(', ') }}) is not null
    {%- endif -%}
{%- endmacro %}

{#- Stop at `answers` that are no columns with a call for each. -#}
{% macro _assay_check_answers(answers) -%}
    {%- if answers is not mapping or not answers -%}
        {%- do assay._assay_error('ai_due', 'answers', answers, 'map each answer column to its ai_ call') -%}
    {%- endif -%}
    {%- do assay._assay_names('ai_due', 'answers', answers.keys() | list) -%}
    {%- for column, call in answers.items() if 'assay_ask_envelope(' not in call -%}
        {%- do assay._assay_error('ai_due', column, call, 'give an ai_ call with detail=true') -%}
    {%- endfor -%}
{%- endmacro %}
