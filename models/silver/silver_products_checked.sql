{{ config(materialized='table') }}

with

products as (

    select * from {{ ref('silver_products') }}

),

checked as (

    select
        *,
        {{ ai_row_gate('silver_products') }} as violations

    from products

),

judged as (

    select
        *,
        len(list_filter(violations, lambda violation: violation.severity <> 'note')) > 0
            as is_quarantined

    from checked

)

select * from judged
