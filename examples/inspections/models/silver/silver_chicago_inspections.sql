-- depends_on: {{ ref('gate_bronze') }}
with

inspections as (

    select * from {{ ref('bronze_chicago__inspections') }}

),

-- What the other inspections of the same place on the same day say.
compared as (

    select
        *,

        count(*) over (
            partition by establishment_name, address, raw.inspected_date, inspection_type
        ) as inspections_alike,
        count(*) filter (where result = 'Out of Business') over same_day as closures_of_day,
        count(*) over same_day as inspections_of_day

    from inspections
    window same_day as (partition by establishment_name, address, raw.inspected_date)

)

select * from compared
