{#-
    What a row gate is to check: `vars: ai_gates:`, then `config: meta: row_gate:` of the model
    `gated` (or `settings` in its place), the nearer word winning. Names are checked.
-#}
{% macro _assay_gate_settings(macro, gated, settings=none) -%}
    {%- set nodes = graph.nodes.values() | selectattr('name', 'equalto', gated)
        | selectattr('resource_type', 'in', ['model', 'seed', 'snapshot']) | list -%}
    {%- if settings is none and not nodes -%}
        {%- do assay._assay_error(macro, 'gated', gated, 'there is no such model; give its name') -%}
    {%- endif -%}
    {%- set own = nodes[0].config.meta.get('row_gate', {}) if settings is none else settings -%}
    {%- do assay._assay_gate_names(macro, own) -%}
    {%- set parameters = assay._assay_rule_parameters() -%}
    {#- `rules` of a project that says nothing: a setting that no rule reads would check nothing. -#}
    {%- set found = {'key': none, 'rules': parameters.keys() | reject('equalto', 'not_answered') | list} -%}
    {%- do found.update(var('ai_gates', {})) -%}
    {%- do assay._assay_gate_names(macro, found) -%}
    {%- do found.update(own) -%}
    {%- for rule_id in own.get('rules', []) if not found.get(parameters[rule_id]) -%}
        {%- do assay._assay_error(
            macro, 'rules', rule_id, 'the rule needs to know what to look at; add `row_gate`: '
            ~ parameters[rule_id]
        ) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Every name and share of the settings is one that we know. -#}
{% macro _assay_gate_names(macro, settings) -%}
    {%- set parameters = assay._assay_rule_parameters() -%}
    {%- set shares = ['max_quarantined_share', 'max_unanswered_share', 'max_unknown_share'] -%}
    {%- set known = parameters.values() | list + shares
        + ['key', 'rules', 'notes', 'quality_score_below', 'conditions'] -%}
    {%- set conditions = settings.get('conditions', {}) if settings is mapping else {} -%}
    {%- if settings is not mapping -%}
        {%- do assay._assay_error(macro, 'row_gate', settings, 'give a mapping') -%}
    {%- endif -%}
    {%- for name in settings if name not in known -%}
        {%- do assay._assay_error(
            macro, 'row_gate', name, 'there is no such setting; there are: ' ~ known | join(', ')
        ) -%}
    {%- endfor -%}
    {%- set unknown = settings.get('rules', []) | reject('in', parameters) | list
        + settings.get('notes', []) | reject('in', parameters.keys() | list + conditions.keys() | list)
        | list -%}
    {%- for rule_id in unknown -%}
        {%- do assay._assay_error(
            macro, 'rules', rule_id, 'there is no such rule; there are: ' ~ parameters | join(', ')
        ) -%}
    {%- endfor -%}
    {%- for rule_id, condition in conditions.items() -%}
        {%- do assay._assay_condition(macro, rule_id, condition) -%}
    {%- endfor -%}
    {%- for name in shares if name in settings -%}
        {%- set share = settings[name] -%}
        {%- if share is not number or share is boolean or share < 0 or share > 1 -%}
            {%- do assay._assay_error(macro, name, share, 'give a share from 0 to 1') -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- A condition has a name of its own, the SQL that must hold, and words for where it does not. -#}
{% macro _assay_condition(macro, rule_id, condition) -%}
    {%- if rule_id in assay._assay_rule_parameters() -%}
        {%- do assay._assay_error(
            macro, 'conditions', rule_id, 'a rule is called so; give the condition another name'
        ) -%}
    {%- endif -%}
    {%- if condition is not mapping or not condition.get('holds') or not condition.get('reason')
        or condition.keys() | reject('in', ['holds', 'reason', 'column']) | list -%}
        {%- do assay._assay_error(
            macro, 'conditions', rule_id, 'give `holds` and `reason`, and `column` if there is one'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#- The rules with the setting that says what each looks at; the seed says the same in words. -#}
{% macro _assay_rule_parameters() -%}
    {%- do return({
        'quality_score_low': 'quality', 'required_missing': 'required', 'type_wrong': 'types',
        'label_not_accepted': 'labels', 'value_not_in_source': 'grounded',
        'refusal_text': 'texts', 'language_other': 'languages', 'not_answered': 'answers'
    }) -%}
{%- endmacro %}

{#-
    The limit of a generic test: its argument, or what the settings of the model say under `name`,
    or `default`.
-#}
{% macro _assay_gate_limit(test, gated, name, argument, default) -%}
    {%- if argument is not none or not execute -%}
        {%- do return(argument) -%}
    {%- endif -%}
    {%- set modelled = graph.nodes.values() | selectattr('name', 'equalto', gated)
        | selectattr('resource_type', 'in', ['model', 'seed', 'snapshot']) | list -%}
    {%- set settings = assay._assay_gate_settings(test, gated, none if modelled else {}) -%}
    {%- do return(settings.get(name, default)) -%}
{%- endmacro %}

{#- The name of the model under test; with `config: where:` dbt hands over a subquery as text. -#}
{% macro _assay_tested_name(model) -%}
    {%- if model is not string -%}
        {%- do return(model.identifier) -%}
    {%- endif -%}
    {%- set found = modules.re.search('from +((?:"[^"]+"[.])*)"([^"]+)"', model) -%}
    {%- do return(found.group(2) if found else model) -%}
{%- endmacro %}

{#- Stop where a variable is set that has another name today. -#}
{% macro _assay_gone(macro, variable, name) -%}
    {%- if var(variable, none) is not none -%}
        {%- do assay._assay_error(
            macro, variable, var(variable),
            'the variable is gone; set ' ~ name ~ ' under `vars: ai_gates:`'
        ) -%}
    {%- endif -%}
{%- endmacro %}
