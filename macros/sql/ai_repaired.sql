{#-
    A relation with its accepted repairs laid over it, in parentheses, to select from: the same
    columns with the same types. A cell is mended where it still holds the value that the repair
    was proposed for; all else is as it is. What is accepted is read from the store when the model
    is built.
-#}
{% macro ai_repaired(relation, key) -%}
    {%- if relation is string or relation.identifier is not defined -%}
        {%- do assay._assay_error('ai_repaired', 'relation', relation, 'give a ref() or a source()') -%}
    {%- endif -%}
    {%- if key is not string or not key | trim -%}
        {%- do assay._assay_error('ai_repaired', 'key', key, 'name the column that tells the rows apart') -%}
    {%- endif -%}
    {%- set cell = 'to_json([alias(columns(unrepaired.*)), columns(unrepaired.*)::varchar])' -%}
    (
        select
            case
                when coalesce(map_contains(accepted.cells, {{ cell }}), false)
                    then cast_to_type(accepted.cells[{{ cell }}].after, columns(unrepaired.*))
                else columns(unrepaired.*)
            end
        from {{ relation }} as unrepaired
        left join (
            select
                row_key,
                map_from_entries(list((to_json([column_name, before]), {'after': after}))) as cells
            from ({{ assay._assay_accepted_repairs(relation) }})
            group by 1
        ) as accepted
            on unrepaired.{{ adapter.quote(key) }}::varchar = accepted.row_key
    )
{%- endmacro %}

{#- The accepted repairs of a relation, each with its row, column and values as text. -#}
{% macro _assay_accepted_repairs(relation) -%}
    select row_key, column_name, before, after
    from {{ source('assay_store', 'repairs') }}
    where status = 'accepted' and relation = {{ assay._assay_quoted(relation.schema ~ '.' ~ relation.identifier) }}
{%- endmacro %}

{#- The cells of a relation, or of some of its columns: row, column and value as text. -#}
{% macro _assay_cells(relation, key, columns) -%}
    {%- set key = adapter.quote(key) -%}
    select row_key, column_name, value
    from (select {{ key }}::varchar as row_key, columns(* exclude ({{ key }}))::varchar from {{ relation }})
    unpivot include nulls (value for column_name in (columns(* exclude (row_key))))
    {%- if columns %}
    where lower(column_name) in ({% for name in columns %}{{ assay._assay_quoted(name | lower) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- endif -%}
{%- endmacro %}
