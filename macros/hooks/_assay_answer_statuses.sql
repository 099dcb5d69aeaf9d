{#- The statement of `ops_answer_statuses`: how many rows of each AI column have which status. -#}
{% macro _assay_answer_statuses() -%}
    {%- set envelopes = assay._assay_envelopes(source('assay_store', 'statements')) -%}
with

statuses as (
    {% for envelope in envelopes %}
    select
        {{ assay._assay_quoted(envelope.model_name) }} as model_name,
        {{ assay._assay_quoted(envelope.column.name) }} as column_name,
        {{ envelope.column.quoted }}.prompt_hash as prompt_hash,
        {{ envelope.column.quoted }}.status as status
    from {{ envelope.relation }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        null::varchar as model_name,
        null::varchar as column_name,
        null::varchar as prompt_hash,
        null::varchar as status
    where false
    {%- endfor %}

),

counted as (

    select
        model_name,
        column_name,
        prompt_hash,
        status,
        count(*) as row_count

    from statuses
    group by model_name, column_name, prompt_hash, status

)

select * from counted
{%- endmacro %}

{#-
    The envelopes in the tables of models that ask: {model_name, relation, column}. Which do, the
    store knows from the builds. A view asks whenever it is read: it is left out.
-#}
{% macro _assay_envelopes(statements) -%}
    {%- set found = [] -%}
    {%- set ids = run_query('select id from ' ~ statements).columns[0].values() if execute else [] -%}
    {%- for node in assay._assay_nodes() if node.unique_id in ids and node.resource_type in ['model', 'snapshot'] -%}
        {%- set relation = assay._assay_relation_of(node) -%}
        {%- set columns = adapter.get_columns_in_relation(relation) if relation and relation.is_table else [] -%}
        {%- for column in columns if modules.re.match('STRUCT\\("?value"? .*, status VARCHAR, .*prompt_hash VARCHAR', column.dtype) -%}
            {%- do found.append({'model_name': assay._assay_model_name(node), 'relation': relation, 'column': column}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- What people call a node; versions of one model are told apart. -#}
{% macro _assay_model_name(node) -%}
    {%- do return(node.name ~ ('.v' ~ node.version if node.version else '')) -%}
{%- endmacro %}
