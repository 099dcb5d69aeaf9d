{#-
    On-run-end: let ops show what this run left, also where something red skipped what hangs below
    it. The tables of the store are copied once more, views that list models of the project are
    made anew, and label shares that were accepted and the figures of the run are kept. Without
    models of ops it does nothing.
-#}
{% macro assay_serve_ops() -%}
    {#- Said while dbt parses: the paths of dbt_project.yml can see the profile and nothing else. -#}
    {%- if target.profile_name == 'assay' and project_name != 'assay' -%}
        {%- do assay._assay_error(
            'assay', 'profile', target.profile_name, 'under this name the sample business comes '
            ~ 'along; give the profile another one, in profiles.yml and in dbt_project.yml'
        ) -%}
    {%- endif -%}
    {%- if execute and assay._assay_is_loaded() -%}
        {%- do assay._assay_copy_store() -%}
        {%- set statuses = assay._assay_ops_relation('ops_answer_statuses') -%}
        {%- set row_gates = assay._assay_ops_relation('ops_row_gates') -%}
        {%- call statement('assay_serve_ops', auto_begin=true) -%}
            select 'what ops shows';
            {% if statuses %}create or replace view {{ statuses }} as {{ assay._assay_answer_statuses() }};{% endif %}
            {% if row_gates %}create or replace view {{ row_gates }} as {{ assay._assay_row_gates() }};{% endif %}
            {{ assay._assay_keep_label_shares(assay._assay_ops_relation('ops_label_shares')) }}
            {{ assay._assay_keep_kpis(assay._assay_ops_relation('ops_kpis')) }}
        {%- endcall -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}

{#- Whether this is DuckDB with our plugin; in another target there is nothing of ours to show. -#}
{% macro _assay_is_loaded() -%}
    {%- set modules = (target.plugins or []) | map(attribute='module') | list -%}
    {%- do return(target.type == 'duckdb' and 'assay.plugin' in modules) -%}
{%- endmacro %}

{#- Copy the tables of the store that a model reads into the warehouse; naming a source does it. -#}
{% macro _assay_copy_store() -%}
    {%- set read = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- do read.extend(node.depends_on.nodes) -%}
    {%- endfor -%}
    {%- for key, one in graph.sources.items() if one.source_name == 'assay_store' and key in read -%}
        {%- do source(one.source_name, one.name) -%}
    {%- endfor -%}
{%- endmacro %}

{#- The relation of a model of ops; none where it is not enabled or was never built. -#}
{% macro _assay_ops_relation(name) -%}
    {%- set node = graph.nodes.get('model.assay.' ~ name) -%}
    {%- do return(assay._assay_relation_of(node) if node else none) -%}
{%- endmacro %}

{#- The relation of a node as it stands in the warehouse; none where there is none. -#}
{% macro _assay_relation_of(node) -%}
    {%- do return(adapter.get_relation(node.database, node.schema, node.alias)) -%}
{%- endmacro %}

{#- All nodes of the project and its packages; none while dbt parses them. -#}
{% macro _assay_nodes() -%}
    {%- do return(graph.nodes.values() | list if execute else []) -%}
{%- endmacro %}
