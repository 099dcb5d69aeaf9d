{#-
    A SQL string literal that holds `json`. The names of our functions are spelled differently
    inside it, so that exchanging a function's name in a statement never touches a label.
-#}
{% macro _assay_literal(json) -%}
    {{- assay._assay_quoted(json | replace('assay_', '\\u0061ssay_')) -}}
{%- endmacro %}

{#- A SQL string literal: the only place where text becomes SQL. -#}
{% macro _assay_quoted(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}

{#- A quoted SQL identifier. -#}
{% macro _assay_identifier(name) -%}
    "{{ name | replace('"', '""') }}"
{%- endmacro %}
