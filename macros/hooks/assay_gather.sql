{#-
    Pre-hook: run the model's statement once in the gathering form, which queues the texts of the
    whole relation and returns at once. The statement itself then joins what is in flight. Models
    without AI calls are left alone, and without this hook everything is correct, only slower.
    A contract that the statement breaks is found before anything is asked, not after.
    A statement that draws lots is left alone, too: run twice, it would draw other rows, and buy both.
    So is one with an `sql_header`, which is not there yet, and one whose `meta` says so.
-#}
{% macro assay_gather() -%}
    {%- if execute and model.language == 'sql' and assay._assay_may_gather(compiled_code or '') -%}
        {%- if config.get('contract').enforced -%}
            {%- do get_assert_columns_equivalent(compiled_code) -%}
        {%- endif -%}
        select assay_begin_gather({{ assay._assay_quoted(model.name) }});
        select assay_end_gather(cast(max(hash(gathered)) as varchar)) from (
        {{ assay._assay_in_form(compiled_code, 'gather', node=model.name) | replace('assay_peek_', 'assay_glance_') }}
        ) as gathered
    {%- endif -%}
{%- endmacro %}

{#- Whether to run a statement once more than needed does the same, and is wanted. -#}
{% macro _assay_may_gather(sql) -%}
    {%- set lots = '(?i)\\b(random|uuid|gen_random_uuid|uuidv4|uuidv7|nextval)\\s*\\(|\\busing\\s+sample\\b|\\btablesample\\b' -%}
    {%- set is_wanted = config.get('meta', {}).get('assay_gather', true) and not config.get('sql_header') -%}
    {%- do return('assay_ask_' in sql and is_wanted and not modules.re.search(lots, sql)) -%}
{%- endmacro %}
