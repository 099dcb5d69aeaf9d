{{ config(materialized='table') }}

with

customers as (

    select * from {{ ref('silver_customers') }}

),

checked as (

    select
        *,
        {{ ai_row_gate('silver_customers') }} as violations

    from customers

),

judged as (

    select
        *,
        len(list_filter(violations, lambda violation: violation.severity <> 'note')) > 0
            as is_quarantined

    from checked

)

select * from judged
