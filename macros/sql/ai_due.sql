{#-
    The `where` of an incremental AI model: true for rows whose answers in the table are not what
    the store holds for their present text and prompt. That is: new rows, changed texts, changed
    labels, instructions or model, failures that may be tried again, replayed dead letters; never
    time alone. `key` is the unique key (or a list), `answers` maps columns of the table to the
    `ai_*(..., detail=true)` calls that fill them, `also` lists further columns that make a row due
    when they differ.
-#}
{% macro ai_due(key, answers, also=[]) -%}
    {%- set keys = [key] if key is string else _assay_names('ai_due', 'key', key) -%}
    {%- set also = _assay_names('ai_due', 'also', also) if also else [] -%}
    {%- if key is string and not key | trim -%}
        {%- do _assay_error('ai_due', 'key', key, 'name the unique key, or a list of columns') -%}
    {%- endif -%}
    {%- if answers is not mapping or not answers -%}
        {%- do _assay_error('ai_due', 'answers', answers, 'map each answer column to its ai_ call') -%}
    {%- endif -%}
    {%- for column, call in answers.items() if 'assay_ask_envelope(' not in call -%}
        {%- do _assay_error('ai_due', column, call, 'give an ai_ call with detail=true') -%}
    {%- endfor -%}
    {%- if not is_incremental() or not execute -%}
        true
    {%- else -%}
        {%- set columns = adapter.get_columns_in_relation(this) -%}
        {%- set present = columns | map(attribute='name') | list -%}
        {%- do _assay_check_types(columns, answers) -%}
        {%- set missing = (answers.keys() | list + also) | reject('in', present) | list -%}
        {%- if missing -%}
            true
        {%- else -%}
            {%- set plain = keys + also -%}
            {%- set wanted = plain + answers.values() | list -%}
            row({{ _assay_in_form(wanted | join(', '), 'peek') }}) not in (
                select row({{ (plain + answers.keys() | list) | join(', ') }}) from {{ this }}
            )
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Stop where a call gives another type than its column in the table: dbt would cast the new
    values to the old type and drop new fields. A column that a model casts to a type that no
    function gives is left alone.
-#}
{% macro _assay_check_types(columns, answers) -%}
    {%- set held = {} -%}
    {%- set given = [] -%}
    {%- for column in columns if column.name in answers -%}
        {%- set old = _assay_value_type(column.dtype) -%}
        {%- set type = modules.re.search(' as (struct\\("value" .*)\\)\\s*$', answers[column.name]) -%}
        {%- if old is not none and type -%}
            {%- do held.update({column.name: old}) -%}
            {%- do given.append('typeof(cast(null as ' ~ type.group(1) ~ '))') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set types = run_query('select ' ~ given | join(', ')).rows[0] if given else [] -%}
    {%- for column, old in held.items() -%}
        {%- set new = _assay_value_type(types[loop.index0]) -%}
        {%- if new != old -%}
            {%- do _assay_error(
                'ai_due', column, _assay_differing(new, old),
                'the table holds another type, ' ~ _assay_differing(old, new) ~ ' in model '
                ~ model.name ~ '; run once with --full-refresh, which buys nothing that is in the store'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- The type of the value in the type of an envelope, as DuckDB spells it; none for any other type. -#}
{% macro _assay_value_type(envelope) -%}
    {%- set name = '(?:"(?:[^"]|"")*"|\\w+)' -%}
    {%- set plain = '(?:VARCHAR|BIGINT|INTEGER|DOUBLE|BOOLEAN|DATE|TIMESTAMP)(?:\\[\\])*' -%}
    {%- set flat = 'STRUCT\\(' ~ name ~ ' ' ~ plain ~ '(?:, ' ~ name ~ ' ' ~ plain ~ ')*\\)(?:\\[\\])*' -%}
    {%- set field = name ~ ' (?:' ~ plain ~ '|' ~ flat ~ ')' -%}
    {%- set value = plain ~ '|STRUCT\\(' ~ field ~ '(?:, ' ~ field ~ ')*\\)' -%}
    {%- set found = modules.re.fullmatch(
        'STRUCT\\("value" (' ~ value ~ '), "?status"? VARCHAR, "?error"? VARCHAR, '
        ~ '"?confidence"? DOUBLE, "?model"? VARCHAR, "?prompt_hash"? VARCHAR, '
        ~ '"?answered_at"? TIMESTAMP\\)', envelope
    ) -%}
    {%- do return(found.group(1) if found else none) -%}
{%- endmacro %}

{#- `text`, or of a long one the part around the first difference from `other`. -#}
{% macro _assay_differing(text, other) -%}
    {%- set same = modules.re.match('(.*).*\\n\\1', text ~ '\n' ~ other).group(1) | length -%}
    {%- set start = [same - 30, 0] | max if text | length > 100 else 0 -%}
    {%- set part = text[start:start + 100] -%}
    {%- do return(
        ('...' if start else '') ~ part ~ ('...' if start + 100 < text | length else '')
    ) -%}
{%- endmacro %}
