{#-
    The one place where a call of ours becomes SQL: a literal with the task, the text, and a cast
    of the JSON that comes back to its SQL type. Text values need no cast.
-#}
{% macro _assay_call(macro, task, text, sql_type, detail, more='') -%}
    {%- do assay._assay_check_plugin() -%}
    {%- set text = assay._assay_text(macro, text) -%}
    {%- set arguments = 'assay_task(' ~ assay._assay_literal(task | tojson) ~ '), ' ~ text -%}
    {%- set detail = assay._assay_flag(macro, 'detail', detail) -%}
    {%- if sql_type.startswith('float[') -%}
        {{ assay._assay_vector_call(arguments, sql_type, detail) }}
    {%- elif detail -%}
        cast(cast(assay_ask_envelope({{ arguments }}) as json) as {{ assay._assay_envelope_type(sql_type, more) }})
    {%- elif sql_type == 'varchar' -%}
        assay_ask_value({{ arguments }})
    {%- else -%}
        cast(cast(assay_ask_value({{ arguments }}) as json) as {{ sql_type }})
    {%- endif -%}
{%- endmacro %}

{#- A call whose value is a vector: its text becomes numbers, and these an array of their length. -#}
{% macro _assay_vector_call(arguments, sql_type, detail) -%}
    {%- if detail -%}
        cast(assay_vector_envelope(assay_ask_envelope({{ arguments }})) as {{ assay._assay_envelope_type(sql_type) }})
    {%- else -%}
        cast(assay_vector(assay_ask_value({{ arguments }})) as {{ sql_type }})
    {%- endif -%}
{%- endmacro %}

{#-
    `sql` with our calls in another form, `gather` or `peek`; a column of such a name stays as it is.
    With `node` each task carries the name of the dbt node whose statement this is.
-#}
{% macro _assay_in_form(sql, form, node=none) -%}
    {%- set calls = 'assay_ask_(value|envelope)\\(assay_task\\(' -%}
    {%- set task = 'assay_task(' if node is none else 'assay_task_of(' ~ assay._assay_quoted(node) ~ ', ' -%}
    {%- do return(modules.re.sub(calls, 'assay_' ~ form ~ '_\\1(' ~ task, sql)) -%}
{%- endmacro %}

{#- The SQL type of an envelope around a value of `sql_type`, with `more` fields. -#}
{% macro _assay_envelope_type(sql_type, more='') -%}
    struct("value" {{ sql_type }}, status varchar, error varchar, confidence double, model varchar, prompt_hash varchar, answered_at timestamp{{ more }})
{%- endmacro %}

{#- The SQL type of a struct with a text for each of `names`. -#}
{% macro _assay_struct_type(names) -%}
    struct(
    {%- for name in names -%}
        {{ assay._assay_identifier(name) }} varchar{{ ', ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}

{#- Stop where the profile does not name the plugin: DuckDB would know none of our functions. -#}
{% macro _assay_check_plugin() -%}
    {%- if execute and not assay._assay_is_loaded() -%}
        {%- set output = target.profile_name ~ '.' ~ target.name -%}
        {%- set remedy = 'Name it there: `plugins: [{module: assay.plugin, alias: assay}]`.' -%}
        {%- do exceptions.raise_compiler_error(output ~ ' does not name the plugin. ' ~ remedy) -%}
    {%- endif -%}
{%- endmacro %}
