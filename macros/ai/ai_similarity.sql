{#- How near two vectors of one model are: 1 for the same direction, about 0 for nothing in common. -#}
{% macro ai_similarity(a, b) -%}
    {%- do assay._assay_check_one_model('ai_similarity', {'a': a, 'b': b}) -%}
    cast(array_cosine_similarity({{ a }}, {{ b }}) as double)
{%- endmacro %}
