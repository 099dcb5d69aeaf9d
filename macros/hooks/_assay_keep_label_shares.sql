{#-
    Add to `kept`, which is `ops_label_shares`, the shares of the labels that `ai_label_drift` passed
    in a run in which nothing was red: they are accepted. Shares that are as they were are not added.
-#}
{% macro _assay_keep_label_shares(kept) -%}
    {%- set labels = assay._assay_accepted_labels(results) if kept else [] -%}
    {%- if labels -%}
insert into {{ kept }} by name
with

labelled as (
    {% for label in labels %}
    select
        {{ assay._assay_quoted(label.model_name) }} as model_name,
        {{ assay._assay_quoted(label.value) }} as column_name,
        {{ label.envelope }}.prompt_hash as prompt_hash,
        {{ 'unnest(' ~ label.value ~ ')' if label.many else label.value }} as given_label
    from {{ label.relation }}
    where {{ label.envelope }}.status = 'ok'
    {{ 'union all by name' if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        model_name,
        column_name,
        prompt_hash,
        coalesce(given_label::varchar, '(none)') as label,
        count(*) as row_count

    from labelled
    group by all

),

fingerprinted as (

    select
        *,
        bit_xor(hash(label, row_count)) over (partition by model_name, column_name, prompt_hash)
            as fingerprint

    from counted

)

select
    model_name,
    column_name,
    prompt_hash,
    label,
    '{{ invocation_id }}' as invocation_id,

    row_count,
    row_count / sum(row_count) over (partition by model_name, column_name, prompt_hash) as share,
    fingerprint,

    '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'::timestamp as accepted_at

from fingerprinted
where
    row(model_name, column_name, prompt_hash, fingerprint) not in (
        select row(kept.model_name, kept.column_name, kept.prompt_hash, kept.fingerprint)
        from {{ kept }} as kept
        qualify kept.accepted_at = max(kept.accepted_at) over (
            partition by kept.model_name, kept.column_name, kept.prompt_hash
        )
    );
    {%- endif -%}
{%- endmacro %}

{#-
    What `ai_label_drift` compared with the shares of before and let pass, in a run that was green:
    {model_name, relation, envelope, value, many}.
-#}
{% macro _assay_accepted_labels(results) -%}
    {%- set found, passed = {}, [] -%}
    {%- for result in results -%}
        {%- if result.status | string in ['error', 'fail', 'runtime error', 'partial success', 'skipped'] -%}
            {%- do return([]) -%}
        {%- endif -%}
        {%- do passed.append(result.node.unique_id) -%}
    {%- endfor -%}
    {%- for test in graph.nodes.values() if test.unique_id in passed and test.resource_type == 'test'
        and test.test_metadata and test.test_metadata.name == 'ai_label_drift' -%}
        {%- set told, node = test.test_metadata.kwargs, graph.nodes.get(test.attached_node) -%}
        {%- if node and not told.get('baseline') and told.get('envelope', true) -%}
            {%- set value = told.get('value') or test.column_name ~ '.value' -%}
            {%- do found.update({(node.unique_id, value): {
                'model_name': node.name, 'relation': assay._assay_relation_of(node),
                'envelope': test.column_name, 'value': value, 'many': told.get('many', false)
            }}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(found.values() | list) -%}
{%- endmacro %}
