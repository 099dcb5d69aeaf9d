{#-
    The table of `ops_label_shares` as it stands before this run, none if there is none yet. Not a
    `ref`: that table is built below the gates, which read what the last run that passed them left.
-#}
{% macro _assay_kept_shares() -%}
    {%- if not execute -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('name', 'equalto', 'ops_label_shares') | list -%}
    {%- if not nodes -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- do return(adapter.get_relation(nodes[0].database, nodes[0].schema, nodes[0].alias)) -%}
{%- endmacro %}

{#- One line in the log where the labels of `looked_at` cannot be compared with accepted ones. -#}
{% macro _assay_say_without_baseline(model, column_name, looked_at, kept) -%}
    {%- if execute and flags.WHICH in ['build', 'test', 'retry'] -%}
        {%- set name = assay._assay_tested_name(model) -%}
        {%- set compared = 0 -%}
        {%- if kept is not none -%}
            {%- set found = run_query(
                'select count(*) from ' ~ kept ~ ' where model_name = ' ~ assay._assay_quoted(name)
                ~ ' and column_name = ' ~ assay._assay_quoted(looked_at) ~ ' and prompt_hash in (select '
                ~ column_name ~ '.prompt_hash from ' ~ model ~ ')'
            ) -%}
            {%- set compared = found.columns[0][0] -%}
        {%- endif -%}
        {%- if not compared -%}
            {%- do log(
                'ai_label_drift: no accepted shares of ' ~ name ~ ' ' ~ looked_at
                ~ ' for this prompt yet; nothing was compared', info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
