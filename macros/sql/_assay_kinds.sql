{#- Kinds of evidence as a list of {name, hosts, days}, from a mapping or the name of a set of `vars: ai_kinds`. -#}
{% macro _assay_kinds(macro, kinds) -%}
    {%- set wrong = 'map each kind to {hosts: [...], days: n}, the last one to days alone; or name a set of `vars: ai_kinds`' -%}
    {%- set given = var('ai_kinds', {}).get(kinds) if kinds is string else kinds -%}
    {%- if given is not mapping or not given -%}
        {%- do assay._assay_error(macro, 'kinds', kinds, wrong) -%}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for name, said in given.items() -%}
        {%- set kind = said if said is mapping else {'days': said} -%}
        {%- if kind.get('days') is not integer or kind.keys() | reject('in', ['hosts', 'days']) | list -%}
            {%- do assay._assay_error(macro, 'kinds', {name: said}, wrong) -%}
        {%- endif -%}
        {%- set hosts = assay._assay_names(macro, 'kinds', kind.hosts) if kind.get('hosts') else [] -%}
        {%- do found.append({'name': name, 'hosts': hosts, 'days': kind.days}) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}
