{#-
    Whether dbt keeps rows of the model that are not due, and replaces by their key those that are.
    Stop where it does so in another way. A unit test knows nothing of how its model is built.
-#}
{% macro _assay_is_kept(keys, answers, also) -%}
    {%- if not execute or model.resource_type == 'unit_test' -%}
        {%- do return(execute) -%}
    {%- elif model.config.get('materialized') != 'incremental' -%}
        {%- do return(false) -%}
    {%- endif -%}
    {%- do assay._assay_check_strategy(model.config, keys, answers.keys() | list + also) -%}
    {%- set is_microbatch = model.config.get('incremental_strategy') == 'microbatch' -%}
    {%- if is_microbatch and is_incremental() -%}
        {%- do assay._assay_check_types(adapter.get_columns_in_relation(this), answers) -%}
    {%- endif -%}
    {#- dbt builds whole batches anew: all their rows are due, and what the store holds costs nothing. -#}
    {%- do return(not is_microbatch) -%}
{%- endmacro %}

{#-
    Stop where dbt would let a row stand beside the one that replaces it, or keep one of `values`,
    the columns that make a row due.
-#}
{% macro _assay_check_strategy(settings, keys, values) -%}
    {%- set strategy = settings.get('incremental_strategy') or 'default' -%}
    {%- if strategy not in ['default', 'delete+insert', 'merge', 'microbatch'] -%}
        {%- do assay._assay_error(
            'ai_due', 'incremental_strategy', strategy,
            'a row that is due again must replace its old one; use delete+insert, which is the '
            ~ 'default, merge or microbatch'
        ) -%}
    {%- endif -%}
    {%- for name in ['incremental_predicates', 'predicates'] if settings.get(name) -%}
        {%- do assay._assay_error(
            'ai_due', name, settings.get(name),
            'a row that they leave out is not replaced, and would stand twice; take them out'
        ) -%}
    {%- endfor -%}
    {%- if strategy == 'merge' -%}
        {%- do assay._assay_check_merge(settings, values) -%}
    {%- endif -%}
    {%- if strategy != 'microbatch' -%}
        {%- set using = settings.get('merge_on_using_columns') if strategy == 'merge' else none -%}
        {%- set replaced = using or settings.get('unique_key') or [] -%}
        {%- do assay._assay_check_unique_key(keys, [replaced] if replaced is string else replaced | list) -%}
    {%- endif -%}
{%- endmacro %}

{#- Stop where a merge passes over rows or columns. -#}
{% macro _assay_check_merge(settings, values) -%}
    {%- for name in ['merge_clauses', 'merge_update_condition', 'merge_insert_condition'] if settings.get(name) -%}
        {%- do assay._assay_error(
            'ai_due', name, settings.get(name),
            'a row that it passes over would be due for ever; put the condition into the model'
        ) -%}
    {%- endfor -%}
    {%- set updated = settings.get('merge_update_columns') -%}
    {%- set kept = (settings.get('merge_exclude_columns') or []) | list
        + (settings.get('merge_update_set_expressions') or {}).keys() | list -%}
    {%- for name in values -%}
        {%- set bound = assay._assay_bound([name])[0] -%}
        {%- if bound in assay._assay_bound(kept) or (updated and bound not in assay._assay_bound(updated)) -%}
            {%- do assay._assay_error(
                'ai_due', 'merge_update_columns' if updated else 'merge_exclude_columns', name,
                'its row is due for what is new in it; let the merge update it as it comes'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- Stop where the columns by which dbt replaces rows are not the key, or dbt cannot write them into SQL. -#}
{% macro _assay_check_unique_key(keys, replaced) -%}
    {%- if assay._assay_bound(replaced) | sort != assay._assay_bound(keys) | sort -%}
        {%- do assay._assay_error(
            'ai_due', 'key', keys,
            'the model replaces rows by unique_key ' ~ replaced | tojson ~ ', so that rows would be '
            ~ 'lost or stand twice; give both the same columns, which tell all rows apart'
        ) -%}
    {%- endif -%}
    {%- set bare = [] -%}
    {%- for name in replaced if not name.startswith('"') -%}
        {%- do bare.append(assay._assay_quoted(name | lower)) -%}
    {%- endfor -%}
    {%- set reserved = "select keyword_name from duckdb_keywords() where keyword_category in "
        ~ "('reserved', 'type_function') and keyword_name in (" -%}
    {%- set words = run_query(reserved ~ bare | join(', ') ~ ')').columns[0].values() if bare else [] -%}
    {%- for name in replaced -%}
        {%- if name | lower in words or not modules.re.fullmatch('[^\\W\\d]\\w*|"(?:[^"]|"")+"', name) -%}
            {%- do assay._assay_error(
                'ai_due', 'unique_key', name,
                'dbt writes it into SQL as it stands; put the name of a column into double quotes, such as '
                ~ assay._assay_quoted(assay._assay_identifier(assay._assay_path(name)[-1]))
                ~ ', and give an expression a column of its own'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
