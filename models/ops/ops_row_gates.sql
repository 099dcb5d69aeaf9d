{%- set gated_models = ['silver_feedback', 'silver_customers', 'silver_products'] -%}

with

rules as (

    select * from {{ ref('row_gate_rules') }}

),

checked as (
    {% for model_name in gated_models %}
    select
        '{{ model_name }}' as model_name,
        violations,
        is_quarantined
    from {{ ref(model_name ~ '_checked') }}
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
    cross join rules
    left join rows_per_rule
        on
            rows_per_model.model_name = rows_per_rule.model_name
            and rules.rule_id = rows_per_rule.rule_id

)

select * from counted
