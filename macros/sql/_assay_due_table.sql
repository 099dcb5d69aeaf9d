{#-
    Whether the table has all columns that `ai_due` compares. Stop where one of them can never get
    into it, where a call gives another type than its column, or where a row has no key of its own.
    A unit test is believed to give them all in its `this`.
-#}
{% macro _assay_can_compare(keys, answers, also) -%}
    {%- if model.resource_type == 'unit_test' -%}
        {%- do return(true) -%}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(this) -%}
    {%- do assay._assay_check_types(columns, answers) -%}
    {%- set present = [] -%}
    {%- for column in columns -%}
        {%- do present.append(assay._assay_folded(column.name)) -%}
    {%- endfor -%}
    {%- set missing = [] -%}
    {%- for name in keys + answers.keys() | list + also if assay._assay_bound([name])[0] not in present -%}
        {%- do missing.append(name) -%}
    {%- endfor -%}
    {%- set comes = model.config.get('on_schema_change') in ['append_new_columns', 'sync_all_columns'] -%}
    {%- for name in missing if name in keys or not comes -%}
        {%- do assay._assay_error(
            'ai_due', 'key' if name in keys else 'answers' if name in answers else 'also', name,
            'the table has no such column; let the model select it, and run once with --full-refresh'
        ) -%}
    {%- endfor -%}
    {%- if missing -%}
        {%- do log(
            'ai_due: every row of ' ~ model.name ~ ' is due, as its table has no column '
            ~ missing | join(', ') ~ ' yet; if it says so again, let the model select it.', info=true
        ) -%}
    {%- endif -%}
    {%- do assay._assay_check_keys_of_rows(keys) -%}
    {%- do return(not missing) -%}
{%- endmacro %}

{#- Stop where a row of the table has NULL in its key, or the key of another row. -#}
{% macro _assay_check_keys_of_rows(keys) -%}
    {%- set columns = assay._assay_columns(keys, 'held') -%}
    {%- set alone = columns[0] if columns | length == 1
        else 'case when ' ~ columns | join(' is not null and ') ~ ' is not null then row('
        ~ columns | join(', ') ~ ') end' -%}
    {%- set counts = run_query(
        'select count(*), count(distinct ' ~ alone ~ ') from ' ~ this ~ ' as held'
    ).rows[0] -%}
    {%- if counts[0] != counts[1] -%}
        {%- do assay._assay_error(
            'ai_due', 'key', keys,
            'rows of the table have no key of their own, but NULL or that of another row, in model '
            ~ model.name ~ ': ' ~ (counts[0] - counts[1]) ~ ' of ' ~ counts[0] ~ ', which would be lost or '
            ~ 'stand twice; choose columns that tell all rows apart, also as unique_key, and run '
            ~ 'once with --full-refresh'
        ) -%}
    {%- endif -%}
{%- endmacro %}
