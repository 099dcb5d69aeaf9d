{#- Yes, no or (NULL) cannot tell: the answer to a question about the text. See docs/functions.md. -#}
{% macro ai_filter(
    text, question, instructions=none, examples=none, model=none, isolate=false, cascade=none,
    detail=false, redact=none
) -%}
    {%- if question is not string or not question | trim -%}
        {%- do assay._assay_error('ai_filter', 'question', question, 'give a question as text') -%}
    {%- endif -%}
    {%- set task = {'kind': 'filter', 'asked': question} -%}
    {%- do task.update(assay._assay_common(
        'ai_filter', instructions, examples, model, isolate, redact
    )) -%}
    {%- do task.update(assay._assay_cascade('ai_filter', cascade, text)) -%}
    {{- assay._assay_call('ai_filter', task, text, 'boolean', detail) -}}
{%- endmacro %}
