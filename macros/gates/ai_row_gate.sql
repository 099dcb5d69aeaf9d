{#-
    The rules that a row violates: a list of {rule_id, column_name, severity, reason}, empty for a
    good row. What is checked stands in `config: meta: row_gate:` of the model `gated`, or in
    `settings`; the rules themselves are the seed `row_gate_rules`. See docs/functions.md.
-#}
{% macro ai_row_gate(gated, settings=none) -%}
    {%- set catalogue = ref('row_gate_rules') -%}
    {%- if not execute -%}
        cast([] as {{ assay._assay_violation_type() }}[])
    {%- else -%}
        {%- set wanted = assay._assay_gate_settings('ai_row_gate', gated, settings) -%}
        {%- set checks = assay._assay_row_checks(wanted, catalogue) -%}
        {%- if not checks -%}
            {%- do assay._assay_error(
                'ai_row_gate', 'gated', gated,
                'its `row_gate` checks nothing; name columns under `required`, `labels`, `grounded`'
                ~ ' or another rule'
            ) -%}
        {%- endif -%}
        list_filter(
            cast([
            {%- for check in checks %}
                case when {{ check.violated }} then struct_pack(
                    rule_id := '{{ check.rule_id }}',
                    column_name := {{ assay._assay_quoted(check.column) }},
                    severity := {{ assay._assay_severity(check.rule_id, wanted, catalogue) }},
                    reason := {{ check.reason }}
                ) end{{ ',' if not loop.last }}
            {%- endfor %}
            ] as {{ assay._assay_violation_type() }}[]),
            lambda violation: violation is not null
        )
    {%- endif -%}
{%- endmacro %}

{#- The SQL type of one violation. -#}
{% macro _assay_violation_type() -%}
    struct(rule_id varchar, column_name varchar, severity varchar, reason varchar)
{%- endmacro %}

{#- How grave a rule is. A rule that the seed has lost quarantines: a gate fails closed. -#}
{% macro _assay_severity(rule_id, wanted, catalogue) -%}
    {%- if rule_id in wanted.get('notes', []) -%}
        'note'
    {%- else -%}
        coalesce((select max(severity) from {{ catalogue }} where rule_id = '{{ rule_id }}'), 'quarantine')
    {%- endif -%}
{%- endmacro %}
