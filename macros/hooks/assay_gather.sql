{#-
    Pre-hook: run the model's statement once in the gathering form, which queues the texts of the
    whole relation and returns at once. The statement itself then joins what is in flight. Models
    without AI calls are left alone, and without this hook everything is correct, only slower.
    A contract that the statement breaks is found before anything is asked, not after.
-#}
{% macro assay_gather() -%}
    {%- if execute and model.language == 'sql' and 'assay_ask_' in (compiled_code or '') -%}
        {%- if config.get('contract').enforced -%}
            {%- do get_assert_columns_equivalent(compiled_code) -%}
        {%- endif -%}
        select assay_begin_gather({{ _assay_quoted(model.name) }});
        select assay_end_gather(cast(max(hash(gathered)) as varchar)) from (
        {{ _assay_in_form(compiled_code, 'gather', node=model.name) }}
        ) as gathered
    {%- endif -%}
{%- endmacro %}
