{#- Schemas of acme carry its name, and so do those of its packages. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    acme_{{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
