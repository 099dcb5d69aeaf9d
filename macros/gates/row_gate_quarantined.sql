{#- The rows of `checked` that are kept back, with their violations and the ids of the rules. -#}
{% macro row_gate_quarantined(checked) -%}
select
    * exclude (is_quarantined),
    list_sort(list_distinct([violation.rule_id for violation in violations])) as rule_ids

from {{ checked }}
where is_quarantined
{%- endmacro %}
