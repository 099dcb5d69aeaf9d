{#- Values found in the text: all of one field, or a struct of fields. See docs/functions.md. -#}
{% macro ai_extract(
    text, fields, grounded=true, instructions=none, examples=none, model=none, isolate=false,
    evidence=false, detail=false, redact=none
) -%}
    {%- set wanted = assay._assay_fields('ai_extract', fields) -%}
    {%- set task = {'kind': 'extract', 'fields': wanted.fields, 'single': wanted.single} -%}
    {%- do task.update({'grounded': assay._assay_flag('ai_extract', 'grounded', grounded)}) -%}
    {%- if assay._assay_flag('ai_extract', 'evidence', evidence) -%}
        {%- if detail is not sameas true -%}
            {%- do assay._assay_error('ai_extract', 'evidence', evidence, 'it is a part of the envelope: add detail=true') -%}
        {%- endif -%}
        {%- do task.update({'evidence': true}) -%}
    {%- endif -%}
    {%- do task.update(assay._assay_common(
        'ai_extract', instructions, examples, model, isolate, redact
    )) -%}
    {{- assay._assay_call(
        'ai_extract', task, text, wanted.sql_type, detail, ', evidence ' ~ wanted.evidence_type if evidence else ''
    ) -}}
{%- endmacro %}
