{#-
    The rows of the model `gated`, a relation, with what its row gate found: `violations` as
    `ai_row_gate` gives them, and `is_quarantined`, whether one of them is more than a note.
-#}
{% macro row_gate_checked(gated) -%}
with

checked as (

    select
        *,
        {{ assay.ai_row_gate(gated.identifier) }} as violations

    from {{ gated }}

),

judged as (

    select
        *,
        len(list_filter(violations, lambda violation: violation.severity <> 'note')) > 0
            as is_quarantined

    from checked

)

select * from judged
{%- endmacro %}
