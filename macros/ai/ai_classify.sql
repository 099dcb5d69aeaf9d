{#- One label out of a closed list, or with `multi` all that fit. See docs/functions.md. -#}
{% macro ai_classify(
    text, labels, multi=false, instructions=none, examples=none, model=none, isolate=false,
    cascade=none, detail=false, redact=none
) -%}
    {%- set task = {'kind': 'classify', 'labels': assay._assay_labels('ai_classify', labels)} -%}
    {%- do task.update({'multi': assay._assay_flag('ai_classify', 'multi', multi)}) -%}
    {%- do task.update(assay._assay_common(
        'ai_classify', instructions, examples, model, isolate, redact
    )) -%}
    {%- do task.update(assay._assay_cascade('ai_classify', cascade, text)) -%}
    {{- assay._assay_call('ai_classify', task, text, 'varchar[]' if multi else 'varchar', detail) -}}
{%- endmacro %}
