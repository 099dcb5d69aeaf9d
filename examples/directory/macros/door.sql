{#- The number and the street of an address in one spelling, so that two sources can be compared. -#}
{% macro door(address) -%}
    {%- set line = name_words("split_part(" ~ address ~ ", ',', 1)") -%}
    {%- set said = namespace(sql='(' ~ line ~ ')') -%}
    {%- for long, short in {'street': 'st', 'road': 'rd', 'avenue': 'ave', 'lane': 'ln'}.items() -%}
        {%- set said.sql = "replace(" ~ said.sql ~ ", ' " ~ long ~ " ', ' " ~ short ~ " ')" -%}
    {%- endfor -%}
    trim({{ said.sql }})
{%- endmacro %}
