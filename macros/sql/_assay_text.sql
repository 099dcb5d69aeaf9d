{#- What is asked about, as SQL of type VARCHAR: an expression, or a list of columns as a JSON object. -#}
{% macro _assay_text(macro, text) -%}
    {%- do assay._assay_check_not_nested(macro, text) -%}
    {%- if text is string and text | trim -%}
        {%- set text = assay._assay_expression(text) -%}
        {%- set plain = 'cast(' ~ text ~ ' as varchar)' -%}
        case when {{ assay._assay_holds_parts([text]) }} then assay_text(to_json({{ text }}), {{ plain }}) else {{ plain }} end
    {%- elif text is string or text is mapping or text is not iterable or not text -%}
        {%- do assay._assay_error(macro, 'text', text, 'give a SQL expression, or a list of columns') -%}
    {%- else -%}
        {%- set keys = [] -%}
        {%- set columns = [] -%}
        {%- set values = [] -%}
        {%- set pairs = [] -%}
        {%- for name in assay._assay_names(macro, 'text', text) -%}
            {%- set key = assay._assay_path(name)[-1] -%}
            {%- if key | lower in keys -%}
                {%- do assay._assay_error(
                    macro, 'text', name,
                    'another column has the same name without its table; give one of them an alias in a CTE'
                ) -%}
            {%- endif -%}
            {%- do keys.append(key | lower) -%}
            {%- set column = assay._assay_column(name) -%}
            {%- do columns.append(column) -%}
            {%- do values.append('cast(' ~ column ~ ' as varchar)') -%}
            {%- do pairs.append(assay._assay_quoted(key) ~ ', ' ~ column) -%}
        {%- endfor -%}
        {%- set record = 'json_object(' ~ pairs | join(', ') ~ ')' -%}
        {#- A record is blank when no column holds anything visible; RE2's \s knows ASCII only. -#}
        case when regexp_matches(concat({{ values | join(', ') }}), '[^\s\p{Z}\p{Cc}\p{Cf}]') and (not {{ assay._assay_holds_parts(columns) }} or assay_text({{ record }}, '') is not null) then cast({{ record }} as varchar) end
    {%- endif -%}
{%- endmacro %}

{#-
    Whether one of these expressions is JSON or has parts, as SQL. DuckDB knows types when it binds
    and folds this, so that a column of text costs nothing.
-#}
{% macro _assay_holds_parts(expressions) -%}
    {%- set types = [] -%}
    {%- for expression in expressions -%}
        {%- do types.append('typeof(' ~ expression ~ ')') -%}
    {%- endfor -%}
    regexp_matches({{ types | join(" || ' ' || ") }}, '\b(JSON|STRUCT|MAP|VARIANT)\b|\]')
{%- endmacro %}

{#- `text`, quoted where it can only be the name of a column: words without a word of SQL among them. -#}
{% macro _assay_expression(text) -%}
    {%- set sql = ['all', 'and', 'any', 'at', 'between', 'case', 'collate', 'distinct', 'else', 'end', 'exists',
        'false', 'filter', 'from', 'glob', 'ilike', 'in', 'interval', 'is', 'isnull', 'like', 'not', 'notnull',
        'null', 'or', 'over', 'select', 'similar', 'some', 'then', 'true', 'when'] -%}
    {%- set words = (text | trim).split() -%}
    {%- set is_name = modules.re.fullmatch('[^\\W\\d]\\w*(?: +\\w+)+', text | trim) -%}
    {%- set is_sql = words | map('lower') | select('in', sql) | list -%}
    {%- do return(assay._assay_identifier(text | trim) if is_name and not is_sql else text) -%}
{%- endmacro %}

{#-
    Stop at a call within the text of another: where the inner one has no answer, the outer one
    would see a blank text, and its row would never be due again.
-#}
{% macro _assay_check_not_nested(macro, text) -%}
    {%- set call = "assay_ask_(?:value|envelope)\\(assay_task\\('((?:[^']|'')*)'" -%}
    {%- for expression in ([text] if text is string else (text or [])) if expression is string -%}
        {%- set inner = modules.re.search(call, expression) -%}
        {%- if inner -%}
            {%- set kind = fromjson(inner.group(1) | replace("''", "'")).kind -%}
            {%- do assay._assay_error(
                macro, 'text', 'ai_' ~ kind ~ '(...)',
                'a failure of the inner call would look like a blank text; give that call a model '
                ~ 'of its own with detail=true, and ask about its `value` there'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
