{{ config(materialized='table') }}

with

checked as (

    select * from {{ ref('silver_customers_checked') }}

),

quarantined as (

    select
        * exclude (is_quarantined),
        list_sort(list_distinct([violation.rule_id for violation in violations])) as rule_ids

    from checked
    where is_quarantined

)

select * from quarantined
