{#- The vector of a text, by which texts of like meaning are found. See docs/functions.md. -#}
{% macro ai_embed(text, model=none, detail=false) -%}
    {%- set dimensions = assay._assay_embedding('ai_embed', model).dimensions -%}
    {%- set task = {'kind': 'embed', 'dimensions': dimensions, 'model': model} -%}
    {{- assay._assay_call('ai_embed', task, text, 'float[' ~ dimensions ~ ']', detail) -}}
{%- endmacro %}
