{{ config(materialized='table') }}

with

feedback as (

    select * from {{ ref('silver_feedback') }}

),

checked as (

    select
        *,
        {{ ai_row_gate('silver_feedback') }} as violations

    from feedback

),

judged as (

    select
        *,
        len(list_filter(violations, lambda violation: violation.severity <> 'note')) > 0
            as is_quarantined

    from checked

)

select * from judged
