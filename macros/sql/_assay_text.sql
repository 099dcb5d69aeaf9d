{#- What is asked about, as SQL of type VARCHAR: an expression, or a list of columns as a JSON object. -#}
{% macro _assay_text(macro, text) -%}
    {%- do _assay_check_not_nested(macro, text) -%}
    {%- if text is string and text | trim -%}
        cast({{ text }} as varchar)
    {%- elif text is string or text is mapping or text is not iterable or not text -%}
        {%- do _assay_error(macro, 'text', text, 'give a SQL expression, or a list of columns') -%}
    {%- else -%}
        {%- set columns = _assay_names(macro, 'text', text) -%}
        {%- set keys = [] -%}
        {%- set values = [] -%}
        {%- set pairs = [] -%}
        {%- for column in columns -%}
            {%- set key = _assay_path(column)[-1] -%}
            {%- if key | lower in keys -%}
                {%- do _assay_error(
                    macro, 'text', column,
                    'another column has the same name without its table; give one of them an alias in a CTE'
                ) -%}
            {%- endif -%}
            {%- do keys.append(key | lower) -%}
            {%- set value = _assay_column(column) -%}
            {%- do values.append('cast(' ~ value ~ ' as varchar)') -%}
            {%- do pairs.append(_assay_quoted(key) ~ ', ' ~ value) -%}
        {%- endfor -%}
        {#- A record is blank when no column holds anything visible; RE2's \s knows ASCII only. -#}
        case when regexp_matches(concat({{ values | join(', ') }}), '[^\s\p{Z}\p{Cc}\p{Cf}]') then cast(json_object({{ pairs | join(', ') }}) as varchar) end
    {%- endif -%}
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
            {%- do _assay_error(
                macro, 'text', 'ai_' ~ kind ~ '(...)',
                'a failure of the inner call would look like a blank text; give that call a model '
                ~ 'of its own with detail=true, and ask about its `value` there'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- A column as SQL, quoted: `order` and `null` are columns, too. -#}
{% macro _assay_column(name) -%}
    {%- set quoted = [] -%}
    {%- for part in _assay_path(name) -%}
        {%- do quoted.append(_assay_identifier(part)) -%}
    {%- endfor -%}
    {{ quoted | join('.') }}
{%- endmacro %}

{#- The parts of a qualified name, such as `notes.body`; any other name is one part, dots or not. -#}
{% macro _assay_path(name) -%}
    {%- set is_qualified = modules.re.fullmatch('[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)*', name) -%}
    {%- do return(name.split('.') if is_qualified else [name]) -%}
{%- endmacro %}
