{#- What is asked about, as a SQL expression: one as given, or a list of columns as a JSON object. -#}
{% macro _assay_text(macro, text) -%}
    {%- if text is string and text | trim -%}
        {{ text }}
    {%- elif text is string or text is mapping or text is not iterable or not text -%}
        {%- do _assay_error(macro, 'text', text, 'give a SQL expression, or a list of columns') -%}
    {%- else -%}
        {%- set columns = _assay_names(macro, 'text', text) -%}
        {%- set values = [] -%}
        {%- set pairs = [] -%}
        {%- for column in columns -%}
            {%- set value = _assay_column(column) -%}
            {%- do values.append('cast(' ~ value ~ ' as varchar)') -%}
            {%- do pairs.append("'" ~ column.split('.')[-1] | replace("'", "''") ~ "', " ~ value) -%}
        {%- endfor -%}
        {#- A record is blank when no column holds anything visible; RE2's \s knows ASCII only. -#}
        case when regexp_matches(concat({{ values | join(', ') }}), '[^\s\p{Z}\p{Cc}\p{Cf}]') then cast(json_object({{ pairs | join(', ') }}) as varchar) end
    {%- endif -%}
{%- endmacro %}

{#- A column as SQL: a plain or qualified name as it is, anything else quoted. -#}
{% macro _assay_column(name) -%}
    {%- if modules.re.fullmatch('[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)*', name) -%}
        {{ name }}
    {%- else -%}
        {{ _assay_identifier(name) }}
    {%- endif -%}
{%- endmacro %}
