{#- A score from -1 to 1, or one of five labels for each aspect. See docs/functions.md. -#}
{% macro ai_sentiment(
    text, aspects=none, instructions=none, examples=none, model=none, isolate=false, detail=false,
    redact=none
) -%}
    {%- set task = {'kind': 'sentiment'} -%}
    {%- set sql_type = 'double' -%}
    {%- if aspects is not none -%}
        {%- set aspects = assay._assay_names('ai_sentiment', 'aspects', aspects) -%}
        {%- do task.update({'aspects': aspects}) -%}
        {%- set sql_type = assay._assay_struct_type(aspects) -%}
    {%- endif -%}
    {%- do task.update(assay._assay_common(
        'ai_sentiment', instructions, examples, model, isolate, redact
    )) -%}
    {{- assay._assay_call('ai_sentiment', task, text, sql_type, detail) -}}
{%- endmacro %}
