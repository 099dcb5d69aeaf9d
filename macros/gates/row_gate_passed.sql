{#- The rows of `checked` that are let through, as they were before they were checked. -#}
{% macro row_gate_passed(checked) -%}
select * exclude (violations, is_quarantined)

from {{ checked }}
where not is_quarantined
{%- endmacro %}
