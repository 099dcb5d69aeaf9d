{#- Kinds of evidence as a list of {name, hosts, days}, from a mapping by name. -#}
{% macro _assay_kinds(macro, kinds) -%}
    {%- set wrong = 'map each kind to {hosts: [...], days: n}, and the last one to its days alone' -%}
    {%- if kinds is not mapping or not kinds -%}
        {%- do assay._assay_error(macro, 'kinds', kinds, wrong) -%}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for name, said in kinds.items() -%}
        {%- set kind = said if said is mapping else {'days': said} -%}
        {%- if kind.get('days') is not integer or kind.keys() | reject('in', ['hosts', 'days']) | list -%}
            {%- do assay._assay_error(macro, 'kinds', {name: said}, wrong) -%}
        {%- endif -%}
        {%- set hosts = assay._assay_names(macro, 'kinds', kind.hosts) if kind.get('hosts') else [] -%}
        {%- do found.append({'name': name, 'hosts': hosts, 'days': kind.days}) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}
