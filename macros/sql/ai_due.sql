{#-
    The `where` of an incremental AI model: true for rows whose answers in the table are not what
    the store holds for their present text and prompt. That is: new rows, changed texts, changed
    labels, instructions or model, failures that may be tried again, replayed dead letters; never
    time alone. `key` is the unique key (or a list), `answers` maps columns of the table to the
    `ai_*(..., detail=true)` calls that fill them, `also` lists further columns that make a row due
    when they differ.
-#}
{% macro ai_due(key, answers, also=[]) -%}
    {%- set keys = [key] if key is string else _assay_names('ai_due', 'key', key) -%}
    {%- set also = _assay_names('ai_due', 'also', also) if also else [] -%}
    {%- if key is string and not key | trim -%}
        {%- do _assay_error('ai_due', 'key', key, 'name the unique key, or a list of columns') -%}
    {%- endif -%}
    {%- if answers is not mapping or not answers -%}
        {%- do _assay_error('ai_due', 'answers', answers, 'map each answer column to its ai_ call') -%}
    {%- endif -%}
    {%- for column, call in answers.items() if 'assay_ask_envelope(' not in call -%}
        {%- do _assay_error('ai_due', column, call, 'give an ai_ call with detail=true') -%}
    {%- endfor -%}
    {%- if not is_incremental() or not execute -%}
        true
    {%- else -%}
        {%- set present = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
        {%- set missing = (answers.keys() | list + also) | reject('in', present) | list -%}
        {%- if missing -%}
            true
        {%- else -%}
            {%- set plain = keys + also -%}
            {%- set wanted = plain + answers.values() | list -%}
            row({{ _assay_in_form(wanted | join(', '), 'peek') }}) not in (
                select row({{ (plain + answers.keys() | list) | join(', ') }}) from {{ this }}
            )
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
