{#- Fields held against evidence that is looked for, with quotes, or nothing. See docs/functions.md. -#}
{% macro ai_verify(
    text, question, fields, kinds=none, instructions=none, model=none, detail=false, redact=none
) -%}
    {%- if question is not string or not question | trim -%}
        {%- do assay._assay_error('ai_verify', 'question', question, 'give a question as text') -%}
    {%- endif -%}
    {%- set wanted = assay._assay_fields('ai_verify', [fields] if fields is string else fields) -%}
    {%- set task = {'kind': 'verify', 'asked': question, 'fields': wanted.fields} -%}
    {%- if kinds is not none -%}
        {%- do task.update({'kinds': assay._assay_kinds('ai_verify', kinds)}) -%}
    {%- endif -%}
    {%- do task.update(assay._assay_common(
        'ai_verify', instructions, none, model, true, redact
    )) -%}
    {%- set more = ', verified_at timestamp, evidence_kind varchar, evidence struct(url varchar, '
        ~ 'title varchar, quote varchar)[], recheck_at timestamp, stale boolean' -%}
    {{- assay._assay_call('ai_verify', task, text, wanted.sql_type, detail, more) -}}
{%- endmacro %}
