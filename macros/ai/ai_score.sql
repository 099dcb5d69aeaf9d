{#- A number from `low` to `high` for a criterion, NULL where the text does not tell. See docs/functions.md. -#}
{% macro ai_score(
    text, criterion, low=0, high=10, instructions=none, examples=none, model=none, isolate=false,
    detail=false, redact=none
) -%}
    {%- if criterion is not string or not criterion | trim -%}
        {%- do assay._assay_error('ai_score', 'criterion', criterion, 'say as text what is scored') -%}
    {%- endif -%}
    {%- set task = {'kind': 'score', 'criterion': criterion, 'low': low, 'high': high} -%}
    {%- do task.update(assay._assay_common(
        'ai_score', instructions, examples, model, isolate, redact
    )) -%}
    {{- assay._assay_call('ai_score', task, text, 'double', detail) -}}
{%- endmacro %}
