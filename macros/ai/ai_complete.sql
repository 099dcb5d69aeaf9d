{#- What a prompt asks for, written about a text or over the columns of a record. See docs/functions.md. -#}
{% macro ai_complete(
    text, prompt, max_words=100, instructions=none, examples=none, model=none, isolate=false,
    detail=false, redact=none
) -%}
    {%- if prompt is not string or not prompt | trim -%}
        {%- do assay._assay_error('ai_complete', 'prompt', prompt, 'say as text what is to be written') -%}
    {%- endif -%}
    {%- do assay._assay_check_places('ai_complete', prompt, text) -%}
    {%- set task = {'kind': 'complete', 'prompt': prompt, 'max_words': max_words} -%}
    {%- do task.update(assay._assay_common(
        'ai_complete', instructions, examples, model, isolate, redact
    )) -%}
    {{- assay._assay_call('ai_complete', task, text, 'varchar', detail) -}}
{%- endmacro %}
