{#-
    The cascade of a call, as a part of its task: nothing, or what was given and the name of the
    column, which is calibrated apart from others. What it may hold is Python's to check.
-#}
{% macro _assay_cascade(macro, cascade, text) -%}
    {%- if cascade is none -%}
        {%- do return({}) -%}
    {%- elif cascade is not mapping or 'to' not in cascade -%}
        {%- do assay._assay_error(macro, 'cascade', cascade, "give a mapping with `to`, the model that is asked where the cheap one is unsure") -%}
    {%- endif -%}
    {%- set column = (text if text is string else text | join(', ')) | trim -%}
    {%- set named = {'name': (model.name if model is defined else '') ~ ': ' ~ column} -%}
    {%- do named.update(cascade) -%}
    {%- do return({'cascade': named}) -%}
{%- endmacro %}
