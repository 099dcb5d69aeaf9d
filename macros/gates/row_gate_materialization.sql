{#-
    Three tables of one model `<gated>_passed`, in this order: `<gated>_checked`, every row with
    its violations; `<gated>_quarantined`, those that are kept back; and, when these are not too
    many and no row was lost, the rows that are let through, under the name of the model. Else it
    fails, what is below it is skipped, and the rows of the last time stay. Rows that wait for a
    batch are in neither part and count for nothing; where all do, it fails as well.
-#}
{% materialization row_gate, adapter='duckdb' %}
    {%- set checked = assay._assay_gate_part(this, 'checked') -%}
    {%- set quarantined = assay._assay_gate_part(this, 'quarantined') -%}
    {%- set passed = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- do assay._assay_put_gate_part(checked, compiled_code) -%}
    {%- do assay._assay_put_gate_part(quarantined, assay._assay_quarantined_rows(checked)) -%}
    {#- Kept whatever comes now: a quarantine that is too full is there to be looked at. -#}
    {%- do adapter.commit() -%}

    {%- if not flags.EMPTY -%}  {#- which asks for tables without rows -#}
        {%- do assay._assay_judge_gate(assay._assay_gated_by(model), checked, quarantined) -%}
    {%- endif -%}
    {%- do assay._assay_put_passed_rows(passed, assay._assay_passed_rows(checked)) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(passed, config.get('grants'), should_revoke=false) -%}
    {%- do persist_docs(passed, model) -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [passed, checked, quarantined]}) }}
{% endmaterialization %}

{#- The rows of `checked` that are let through, as they were before they were checked. -#}
{% macro _assay_passed_rows(checked) -%}
    select * exclude (violations, is_quarantined) from {{ checked }} where not is_quarantined
{%- endmacro %}

{#- The rows of `checked` that are kept back, with their violations and the ids of the rules. -#}
{% macro _assay_quarantined_rows(checked) -%}
    select
        * exclude (is_quarantined),
        list_sort(list_distinct([violation.rule_id for violation in violations])) as rule_ids
    from {{ checked }}
    where is_quarantined
{%- endmacro %}

{#- Make a table beside the passed rows anew, whatever has its name. -#}
{% macro _assay_put_gate_part(relation, sql) -%}
    {%- set existing = load_cached_relation(relation) -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do drop_relation_if_exists(existing) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        create or replace table {{ relation }} as ({{ sql }})
    {%- endcall -%}
{%- endmacro %}

{#- Put the passed rows, which keep the contract of their model if it has one, in place of the old. -#}
{% macro _assay_put_passed_rows(passed, sql) -%}
    {%- set made = make_intermediate_relation(passed) -%}
    {%- do drop_relation_if_exists(load_cached_relation(made)) -%}
    {%- call statement('passed') -%}{{ create_table_as(False, made, sql) }}{%- endcall -%}
    {%- do drop_relation_if_exists(load_cached_relation(passed)) -%}
    {%- do adapter.rename_relation(made, passed) -%}
{%- endmacro %}

{#- Stop the model, and say why; `row` is what `rows_passed` has found. -#}
{% macro _assay_say_why_shut(gated, checked, quarantined, row) -%}
    {%- set waiting = run_query('select count(*) from ' ~ checked ~ ' where is_quarantined is null') -%}
    {%- if not row[1] and waiting.rows[0][0] -%}
        {%- do exceptions.raise_compiler_error(
            'row_gate: ' ~ gated ~ ': its rows wait for a batch, so nothing was checked; build again '
            ~ 'once it is there.'
        ) -%}
    {%- endif -%}
    {%- set found = row[0] ~ ' of ' ~ row[1] ~ ' rows are in quarantine, over a share of ' ~ row[2] -%}
    {%- do exceptions.raise_compiler_error(
        'row_gate: ' ~ gated ~ ': ' ~ (found if row[1] else 'there is no row, so nothing was checked')
        ~ '; look at ' ~ quarantined.identifier ~ ' and correct what feeds ' ~ gated
        ~ ', or allow more in its `row_gate`: max_quarantined_share.'
    ) -%}
{%- endmacro %}

{#- Stop the model where its quarantine holds too many rows, or a row was lost or doubled. -#}
{% macro _assay_judge_gate(gated, checked, quarantined) -%}
    {%- set key = assay._assay_gate_settings('row_gate', gated).get('key') -%}
    {%- if not key -%}
        {%- do assay._assay_error(
            'row_gate', 'key', key, 'name the unique column of ' ~ gated ~ ' under its `row_gate`'
        ) -%}
    {%- endif -%}
    {%- set judged = '(select * from ' ~ checked ~ ' where is_quarantined is not null)' -%}
    {%- for row in run_query(assay.test_rows_passed(quarantined, judged, gated)).rows -%}
        {%- do assay._assay_say_why_shut(gated, checked, quarantined, row) -%}
    {%- endfor -%}
    {%- set passed = '(select * from ' ~ checked ~ ' where is_quarantined is not true)' -%}
    {%- set lost = run_query(assay.test_rows_split(passed, ref(gated), quarantined, key)).rows | length -%}
    {%- if lost -%}
        {%- do exceptions.raise_compiler_error(
            'row_gate: ' ~ gated ~ ': ' ~ lost ~ ' keys are not exactly once among what passed and what is '
            ~ 'in quarantine; make ' ~ key ~ ' unique in ' ~ gated ~ '.'
        ) -%}
    {%- endif -%}
{%- endmacro %}
