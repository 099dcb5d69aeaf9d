{#- One text about many rows, written part by part and then about the parts. See docs/functions.md. -#}
{% macro ai_agg(
    text, instructions, relation, by=none, max_words=100, part_tokens=1500, model=none, isolate=false,
    redact=none
) -%}
    {%- if instructions is not string or not instructions | trim -%}
        {%- do assay._assay_error('ai_agg', 'instructions', instructions, 'say as text what is wanted of the rows') -%}
    {%- endif -%}
    {%- if part_tokens is not integer or part_tokens is boolean or not 100 <= part_tokens <= 100000 -%}
        {%- do assay._assay_error('ai_agg', 'part_tokens', part_tokens, 'give a whole number from 100 to 100000') -%}
    {%- endif -%}
    {%- if max_words is not integer or max_words is boolean or not 1 <= max_words <= 1000 -%}
        {%- do assay._assay_error('ai_agg', 'max_words', max_words, 'give a whole number from 1 to 1000') -%}
    {%- endif -%}
    {%- set task = {'kind': 'summarize', 'max_words': max_words} -%}
    {%- do task.update(assay._assay_common('ai_agg', instructions, none, model, isolate, redact)) -%}
    {%- set call = assay._assay_call('ai_agg', task, 'text', 'varchar', true) -%}
    {%- set columns = assay._assay_columns([] if by is none else assay._assay_names('ai_agg', 'by', [by] if by is string else by)) -%}
with recursive

asked_rows as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        cast(json_array({{ columns | join(', ') }}) as varchar) as of,
        {{ assay._assay_text('ai_agg', text) }} as text

    from {{ relation }}

),

totals as (

    select {% for column in columns %}{{ column }}, {% endfor %}of, count(*) as rows
    from asked_rows
    group by all

),

{# The same text is read once, however many rows have it; its place is drawn from its letters. -#}
items as (

    select of, md5_number_upper(text) >> 32 as place, count(*) as covered, text
    from asked_rows
    where regexp_matches(text, '[^\s\p{Z}\p{Cc}\p{Cf}]')
    group by of, text

),

{{ assay._assay_levels('items', call, part_tokens) }},

{# The one answer that is left of a group, or what its last level failed of. -#}
ends as (

    select
        of,
        case when count(*) filter (where answer.status = 'ok') = 1 and not bool_or({{ assay._assay_is_to_come('answer') }}) then
            any_value(answer) filter (where answer.status = 'ok')
        else
            any_value(answer) filter (where answer.status <> 'ok')
        end as answer,
        any_value(covered) filter (where answer.status = 'ok') as covered,
        any_value(level) as level

    from (select * from levels where level > 0 qualify level = max(level) over (partition by of))
    group by of

)

select
    {%- for column in columns %}
    totals.{{ assay._assay_identifier(assay._assay_path((by if by is not string else [by])[loop.index0])[-1]) }},
    {%- endfor %}
    case when ends.of is null then {{ assay._assay_skipped() }} else ends.answer end as answer,
    totals.rows,
    case when ends.answer.status = 'ok' then ends.covered else 0 end as covered,
    coalesce(ends.level, 0) as levels

from totals
left join ends on totals.of = ends.of
{%- endmacro %}

{#- The envelope of rows without any text. -#}
{% macro _assay_skipped() -%}
    cast({'value': null, 'status': 'skipped', 'error': null, 'confidence': null, 'model': null, 'prompt_hash': null, 'answered_at': null} as {{ assay._assay_envelope_type('varchar') }})
{%- endmacro %}
