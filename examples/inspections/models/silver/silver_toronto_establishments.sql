-- depends_on: {{ ref('gate_bronze') }}
with

records as (

    select * from {{ ref('bronze_toronto__records') }}

),

establishments as (

    select distinct
        establishment_id,

        establishment_name,
        establishment_type,
        address,
        establishment_status,

        latitude,
        longitude,
        minimum_inspections_per_year

    from records

)

select * from establishments
