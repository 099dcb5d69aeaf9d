{#- A column as SQL, quoted: `order` and `null` are columns, too. -#}
{% macro _assay_column(name) -%}
    {%- set quoted = [] -%}
    {%- for part in assay._assay_path(name) -%}
        {%- do quoted.append(assay._assay_identifier(part)) -%}
    {%- endfor -%}
    {{ quoted | join('.') }}
{%- endmacro %}

{#- Columns as a list of SQL; with `table` they are those of this name in it. -#}
{% macro _assay_columns(names, table=none) -%}
    {%- set columns = [] -%}
    {%- for name in names -%}
        {%- set own = assay._assay_identifier(assay._assay_path(name)[-1]) -%}
        {%- do columns.append(assay._assay_column(name) if table is none else table ~ '.' ~ own) -%}
    {%- endfor -%}
    {%- do return(columns) -%}
{%- endmacro %}

{#-
    The parts of a name without their quotes: `notes.body`, `"Order ID"` and `n."Order ID"` have
    them; any other name is one part as it stands, with its dots, blanks and quotes.
-#}
{% macro _assay_path(name) -%}
    {%- set part = '(?:[^\\W\\d]\\w*|"(?:[^"]|"")+")' -%}
    {%- if not modules.re.fullmatch(part ~ '(?:\\.' ~ part ~ ')*', name) -%}
        {%- do return([name]) -%}
    {%- endif -%}
    {%- set parts = [] -%}
    {%- for one in modules.re.findall(part, name) -%}
        {%- do parts.append(one[1:-1] | replace('""', '"') if one.startswith('"') else one) -%}
    {%- endfor -%}
    {%- do return(parts) -%}
{%- endmacro %}

{#- A name as DuckDB compares it: A to Z are a to z, other letters stay as they are. -#}
{% macro _assay_folded(name) -%}
    {%- do return(name.encode().lower().decode()) -%}
{%- endmacro %}

{#- Columns without their tables, as DuckDB compares names. -#}
{% macro _assay_bound(names) -%}
    {%- set bound = [] -%}
    {%- for name in names -%}
        {%- do bound.append(assay._assay_folded(assay._assay_path(name)[-1])) -%}
    {%- endfor -%}
    {%- do return(bound) -%}
{%- endmacro %}
