{#- Whether two records are the same thing: matched, no_match or ambiguous; rules first, then the model. See docs/functions.md. -#}
{% macro ai_match(
    a, b, question, same=none, different=none, instructions=none, examples=none, model=none,
    isolate=false, cascade=none, detail=false, redact=none
) -%}
    {%- if question is not string or not question | trim -%}
        {%- do assay._assay_error('ai_match', 'question', question, 'give a question as text') -%}
    {%- endif -%}
    {%- set task = {'kind': 'match', 'asked': question} -%}
    {%- do task.update(assay._assay_common(
        'ai_match', instructions, examples, model, isolate, redact
    )) -%}
    {%- do task.update(assay._assay_cascade('ai_match', cascade, 'a, b')) -%}
    {%- set says_same = assay._assay_rule('same', same) -%}
    {%- set says_different = assay._assay_rule('different', different) -%}
    {%- set pair = assay._assay_pair(a, b) -%}
    {%- if same is none and different is none -%}
        {{- assay._assay_call('ai_match', task, pair, 'varchar', detail) -}}
    {%- else -%}
        {%- set open = says_same ~ ' = ' ~ says_different -%}
        case
            when {{ open }} then {{ assay._assay_call(
                'ai_match', task, 'case when ' ~ open ~ ' then ' ~ pair ~ ' end', 'varchar', detail
            ) }}
            when {{ says_same }} then {{ assay._assay_ruled('matched', detail) }}
            else {{ assay._assay_ruled('no_match', detail) }}
        end
    {%- endif -%}
{%- endmacro %}

{#- A rule of `ai_match` as SQL that is true or false, never NULL. -#}
{% macro _assay_rule(argument, rule) -%}
    {%- if rule is not none and (rule is not string or not rule | trim) -%}
        {%- do assay._assay_error('ai_match', argument, rule, 'give a SQL condition as text, or leave it out') -%}
    {%- endif -%}
    {{- 'false' if rule is none else 'coalesce((' ~ rule ~ '), false)' -}}
{%- endmacro %}

{#- Two records as one text of JSON, which is the same whichever comes first. -#}
{% macro _assay_pair(a, b) -%}
    assay_pair({{ assay._assay_record_of(a) }}, {{ assay._assay_record_of(b) }})
{%- endmacro %}

{#- A side of a pair as JSON: an object of the columns of a list, or the text of an expression. -#}
{% macro _assay_record_of(side) -%}
    {%- set text = assay._assay_text('ai_match', side) -%}
    {{- 'cast(to_json(' ~ text ~ ') as varchar)' if side is string else text -}}
{%- endmacro %}

{#- An outcome that a rule has decided, as a bare value or as an envelope without a model. -#}
{% macro _assay_ruled(outcome, detail) -%}
    {%- if detail -%}
        cast({'value': '{{ outcome }}', 'status': 'ok', 'error': null, 'confidence': null, 'model': 'rule', 'prompt_hash': null, 'answered_at': null} as {{ assay._assay_envelope_type('varchar') }})
    {%- else -%}
        '{{ outcome }}'
    {%- endif -%}
{%- endmacro %}
