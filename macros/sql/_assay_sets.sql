{#-
    The project's label sets by name: those of its macro `ai_labels`, and of `vars: ai_labels:`. The
    macro has its bare name here: so dbt finds that of the root project, and notes who depends on it.
-#}
{% macro _assay_label_sets(macro) -%}
    {%- do return(assay._assay_sets(macro, 'ai_labels', ai_labels() if ai_labels is defined else {})) -%}
{%- endmacro %}

{#- The project's field sets by name: those of its macro `ai_fields`, and of `vars: ai_fields:`. -#}
{% macro _assay_field_sets(macro) -%}
    {%- do return(assay._assay_sets(macro, 'ai_fields', ai_fields() if ai_fields is defined else {})) -%}
{%- endmacro %}

{#- The project's sets of examples by name: those of its macro `ai_examples`, and of `vars: ai_examples:`. -#}
{% macro _assay_example_sets(macro) -%}
    {%- do return(assay._assay_sets(macro, 'ai_examples', ai_examples() if ai_examples is defined else {})) -%}
{%- endmacro %}

{#- Sets by name: what the macro `source` gave, as YAML or a mapping, and what `vars:` adds to it. -#}
{% macro _assay_sets(macro, source, given) -%}
    {%- set kept = given if given is mapping else fromyaml(given, given) or {} -%}
    {%- if kept is not mapping -%}
        {%- do assay._assay_error(
            macro, 'macro', source, 'its text must be YAML that maps the name of each set to the set'
        ) -%}
    {%- endif -%}
    {%- set found = {} -%}
    {%- do found.update(var(source, {})) -%}
    {%- for name in kept if name in found -%}
        {%- do assay._assay_error(
            macro, source, name, 'the set is in the macro `' ~ source ~ '` and under `vars: ' ~ source
            ~ ':` in dbt_project.yml; keep the one in the macro'
        ) -%}
    {%- endfor -%}
    {%- do found.update(kept) -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- The set called `name` among `sets`, or a stop that lists what there is. -#}
{% macro _assay_set(macro, source, sets, name) -%}
    {%- if name not in sets -%}
        {%- do assay._assay_error(
            macro, source | replace('ai_', ''), name, 'no such set; there are: '
            ~ (sets | join(', ') or 'none') ~ '; correct the name, or add the set to the macro `'
            ~ source ~ '`'
        ) -%}
    {%- endif -%}
    {%- do return(sets[name]) -%}
{%- endmacro %}
