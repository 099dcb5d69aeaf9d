{#- One column out of several. -#}
{% macro generate_surrogate_key(fields) -%}
    md5(concat_ws('-', {{ fields | join(', ') }}))
{%- endmacro %}
