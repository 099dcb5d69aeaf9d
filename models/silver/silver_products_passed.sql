{#- Rows are let through when those that are not are in quarantine, and not too many of them. -#}
-- depends_on: {{ ref('silver_products_quarantined') }}
{{ config(materialized='table') }}

with

checked as (

    select * from {{ ref('silver_products_checked') }}

),

passed as (

    select * exclude (violations, is_quarantined)

    from checked
    where not is_quarantined

)

select * from passed
