{#-
    The statement of `ops_row_gates`: how many rows of each model with a row gate violate which
    rule, its own conditions and zeros included, as far as its rows were checked yet.
    It names no `ref`: a hook runs it as well.
-#}
{% macro _assay_row_gates() -%}
    {%- set gated, rules = [], [] -%}
    {%- for node in assay._assay_nodes() if node.name == 'row_gate_rules' and node.resource_type == 'seed' -%}
        {%- do rules.append(assay._assay_relation_of(node)) -%}
    {%- endfor -%}
    {%- for node in assay._assay_nodes() if node.config.materialized == 'row_gate' -%}
        {%- set passed = api.Relation.create(node.database, node.schema, node.alias) -%}
        {%- set part = assay._assay_gate_part(passed, 'checked') -%}
        {%- set checked = adapter.get_relation(part.database, part.schema, part.identifier) -%}
        {%- if checked is not none and rules -%}
            {%- do gated.append({'model_name': assay._assay_gated_by(node), 'checked': checked}) -%}
        {%- endif -%}
    {%- endfor -%}
with

rules as (
    {% for one in gated %}
    select
        '{{ one.model_name }}' as model_name,
        rule_id,
        what
    from {{ rules[0] }}
    {%- set settings = assay._assay_gate_settings('ops_row_gates', one.model_name) %}
    {%- for rule_id, condition in settings.get('conditions', {}).items() %}
    union all
    select '{{ one.model_name }}', {{ assay._assay_quoted(rule_id) }}, {{ assay._assay_quoted(condition.reason) }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        null::varchar as model_name,
        null::varchar as rule_id,
        null::varchar as what
    where false
    {%- endfor %}

),

checked as (
    {% for one in gated %}
    select
        '{{ one.model_name }}' as model_name,
        violations,
        is_quarantined
    from {{ one.checked }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        null::varchar as model_name,
        cast([] as {{ assay._assay_violation_type() }}[]) as violations,
        false as is_quarantined
    where false
    {%- endfor %}

),

rows_per_model as (

    select
        model_name,
        count(is_quarantined) as checked_count,
        count(*) filter (where is_quarantined) as quarantined_count

    from checked
    group by 1

),

violated_rules as (

    select
        model_name,
        unnest(list_distinct([violation.rule_id for violation in violations])) as rule_id

    from checked
    where is_quarantined is not null

),

rows_per_rule as (

    select
        model_name,
        rule_id,
        count(*) as violating_count

    from violated_rules
    group by 1, 2

),

counted as (

    select
        rows_per_model.model_name,
        rules.rule_id,
        rules.what,

        rows_per_model.checked_count,
        rows_per_model.quarantined_count,
        coalesce(rows_per_rule.violating_count, 0) as violating_count

    from rows_per_model
    inner join rules on rows_per_model.model_name = rules.model_name
    left join rows_per_rule
        on
            rows_per_model.model_name = rows_per_rule.model_name
            and rules.rule_id = rows_per_rule.rule_id

)

select * from counted
{%- endmacro %}
