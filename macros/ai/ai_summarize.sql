{#- The gist of a text in at most `max_words` words. See docs/functions.md. -#}
{% macro ai_summarize(
    text, max_words=40, instructions=none, examples=none, model=none, isolate=false,
    chunk_tokens=none, detail=false, redact=none
) -%}
    {%- set task = {'kind': 'summarize', 'max_words': max_words} -%}
    {%- if chunk_tokens is not none -%}
        {%- do task.update({'chunk_tokens': chunk_tokens}) -%}
    {%- endif -%}
    {%- do task.update(assay._assay_common(
        'ai_summarize', instructions, examples, model, isolate, redact
    )) -%}
    {{- assay._assay_call('ai_summarize', task, text, 'varchar', detail) -}}
{%- endmacro %}
