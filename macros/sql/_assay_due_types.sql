{#-
    Stop where a call gives another type than its column in the table: dbt would cast the new
    values to the old type and drop new fields. A column that a model casts to a type that no
    function gives is left alone.
-#}
{% macro _assay_check_types(columns, answers) -%}
    {%- set calls = {} -%}
    {%- for name, call in answers.items() -%}
        {%- do calls.update({assay._assay_bound([name])[0]: (name, call)}) -%}
    {%- endfor -%}
    {%- set held = {} -%}
    {%- set given = [] -%}
    {%- for column in columns if assay._assay_folded(column.name) in calls -%}
        {%- set name, call = calls[assay._assay_folded(column.name)] -%}
        {%- set old = assay._assay_value_type(column.dtype) -%}
        {%- set type = modules.re.search(' as (struct\\("value" .*)\\)\\s*$', call) -%}
        {%- if old is not none and type -%}
            {%- do held.update({name: old}) -%}
            {%- do given.append('typeof(cast(null as ' ~ type.group(1) ~ '))') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set types = run_query('select ' ~ given | join(', ')).rows[0] if given else [] -%}
    {%- for column, old in held.items() -%}
        {%- set new = assay._assay_value_type(types[loop.index0]) -%}
        {%- if new != old -%}
            {%- do assay._assay_error(
                'ai_due', column, assay._assay_differing(new, old),
                'the table holds another type, ' ~ assay._assay_differing(old, new) ~ ' in model '
                ~ model.name ~ '; run once with --full-refresh, which buys nothing that is in the store'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- The type of value and evidence in the type of an envelope, as DuckDB spells it; none for any other type. -#}
{% macro _assay_value_type(envelope) -%}
    {%- set name = '(?:"(?:[^"]|"")*"|\\w+)' -%}
    {%- set plain = '(?:VARCHAR|BIGINT|INTEGER|DOUBLE|BOOLEAN|DATE|TIMESTAMP)(?:\\[\\])*' -%}
    {%- set flat = 'STRUCT\\(' ~ name ~ ' ' ~ plain ~ '(?:, ' ~ name ~ ' ' ~ plain ~ ')*\\)(?:\\[\\])*' -%}
    {%- set field = name ~ ' (?:' ~ plain ~ '|' ~ flat ~ ')' -%}
    {%- set value = 'FLOAT\\[\\d+\\]|' ~ plain ~ '|STRUCT\\(' ~ field ~ '(?:, ' ~ field ~ ')*\\)' -%}
    {%- set found = modules.re.fullmatch(
        'STRUCT\\("value" (' ~ value ~ '), "?status"? VARCHAR, "?error"? VARCHAR, '
        ~ '"?confidence"? DOUBLE, "?model"? VARCHAR, "?prompt_hash"? VARCHAR, '
        ~ '"?answered_at"? TIMESTAMP(, "?evidence"? .*)?\\)', envelope
    ) -%}
    {%- do return(found.group(1) ~ (found.group(2) or '') if found else none) -%}
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
