{#-
    The rows of the model `gated`, a relation, that pass its row gate: a model of one line, called
    `<gated>_passed`. Its statement gives every row with `violations`, as `ai_row_gate` says them,
    and `is_quarantined`, which is NULL while an answer of the row waits for a batch; the
    materialization `row_gate` parts the rows. See docs/gates.md.
-#}
{% macro row_gate(gated) -%}
    {{- config(materialized='row_gate') -}}
with

checked as (

    select
        *,
        {{ assay.ai_row_gate(assay._assay_gated_by(model)) }} as violations

    from {{ gated }}

),

judged as (

    select
        *,
        case when not {{ assay._assay_waits(gated) }} then
            len(list_filter(violations, lambda violation: violation.severity <> 'note')) > 0
        end as is_quarantined

    from checked

)

select * from judged
{%- endmacro %}

{#- Whether an answer of a row waits for a batch: what it is to be judged by is not there yet. -#}
{% macro _assay_waits(gated) -%}
    {%- set found = [] -%}
    {%- for column in adapter.get_columns_in_relation(gated) if execute -%}
        {%- if modules.re.match('STRUCT\\("?value"? .*, "?status"? VARCHAR[,)]', column.dtype) -%}
            {%- do found.append("coalesce(" ~ column.quoted ~ ".status = 'pending', false)") -%}
        {%- endif -%}
    {%- endfor -%}
    ({{ found | join(' or ') or 'false' }})
{%- endmacro %}

{#- The name of the model that a node gates: it is called as that one, with `_passed` behind. -#}
{% macro _assay_gated_by(node) -%}
    {%- if not node.name.endswith('_passed') -%}
        {%- do assay._assay_error(
            'row_gate', 'model', node.name, 'call it as the model that it gates, with _passed behind'
        ) -%}
    {%- endif -%}
    {%- do return(node.name[:-7]) -%}
{%- endmacro %}

{#- A table beside `passed`, a relation: its `checked` or its `quarantined` rows. -#}
{% macro _assay_gate_part(passed, part) -%}
    {%- set name = passed.identifier[:-7] if passed.identifier.endswith('_passed') else passed.identifier -%}
    {%- do return(passed.incorporate(path={'identifier': name ~ '_' ~ part}, type='table')) -%}
{%- endmacro %}
