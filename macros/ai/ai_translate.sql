{#- A text in the language `to`. See docs/functions.md. -#}
{% macro ai_translate(
    text, to, source=none, instructions=none, examples=none, model=none, isolate=false,
    detail=false, redact=none
) -%}
    {%- set languages = {'to': to, 'source': source} -%}
    {%- for name, language in languages.items() -%}
        {%- if (language is not string or not language | trim) and not (name == 'source' and language is none) -%}
            {%- do assay._assay_error('ai_translate', name, language, "name a language, such as 'English'") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set task = {'kind': 'translate'} -%}
    {%- do task.update(languages) -%}
    {%- do task.update(assay._assay_common(
        'ai_translate', instructions, examples, model, isolate, redact
    )) -%}
    {{- assay._assay_call('ai_translate', task, text, 'varchar', detail) -}}
{%- endmacro %}
