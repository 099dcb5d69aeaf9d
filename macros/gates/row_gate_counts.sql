{#-
    How many rows of each gated model violate which rule, its own conditions and zeros included.
    `gated_models` are names; each has a row gate, the model `<name>_passed`.
-#}
{% macro row_gate_counts(gated_models) -%}
with

rules as (
    {% for model_name in gated_models %}
    select
        '{{ model_name }}' as model_name,
        rule_id,
        what
    from {{ ref('row_gate_rules') }}
    {%- set settings = assay._assay_gate_settings('row_gate_counts', model_name) if execute else {} %}
    {%- for rule_id, condition in settings.get('conditions', {}).items() %}
    union all
    select '{{ model_name }}', {{ assay._assay_quoted(rule_id) }}, {{ assay._assay_quoted(condition.reason) }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

checked as (
    {% for model_name in gated_models %}
    select
        '{{ model_name }}' as model_name,
        violations,
        is_quarantined
    from {{ assay._assay_gate_part(ref(model_name ~ '_passed'), 'checked') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

rows_per_model as (

    select
        model_name,
        count(*) as checked_count,
        count(*) filter (where is_quarantined) as quarantined_count

    from checked
    group by 1

),

violated_rules as (

    select
        model_name,
        unnest(list_distinct([violation.rule_id for violation in violations])) as rule_id

    from checked

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
