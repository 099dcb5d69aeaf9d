{#- The quality of a record: score, missing fields, normal forms, category. See docs/functions.md. -#}
{% macro ai_assess(
    columns, rules=none, instructions=none, examples=none, model=none, isolate=false,
    detail=false, redact=none
) -%}
    {%- if columns is string or columns is mapping or columns is not iterable or not columns -%}
        {%- do assay._assay_error('ai_assess', 'columns', columns, 'give a list of columns') -%}
    {%- endif -%}
    {%- set task = {'kind': 'assess', 'rules': assay._assay_rules('ai_assess', rules)} -%}
    {%- do task.update(assay._assay_common(
        'ai_assess', instructions, examples, model, isolate, redact
    )) -%}
    {%- set change_type = 'struct("field" varchar, "from" varchar, "to" varchar)' -%}
    {%- set sql_type = 'struct(quality_score integer, missing_fields varchar[], normalizations '
        ~ change_type ~ '[], category varchar)' -%}
    {{- assay._assay_call('ai_assess', task, columns, sql_type, detail) -}}
{%- endmacro %}
