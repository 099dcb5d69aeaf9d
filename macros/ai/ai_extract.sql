{#- Values found in the text: all of one field, or a struct of fields. See docs/functions.md. -#}
{% macro ai_extract(
    text, fields, grounded=true, instructions=none, examples=none, model=none, isolate=false,
    detail=false, redact=none
) -%}
    {%- set wanted = assay._assay_fields('ai_extract', fields) -%}
    {%- set task = {'kind': 'extract', 'fields': wanted.fields, 'single': wanted.single} -%}
    {%- do task.update({'grounded': assay._assay_flag('ai_extract', 'grounded', grounded)}) -%}
    {%- do task.update(assay._assay_common(
        'ai_extract', instructions, examples, model, isolate, redact
    )) -%}
    {{- assay._assay_call('ai_extract', task, text, wanted.sql_type, detail) -}}
{%- endmacro %}
