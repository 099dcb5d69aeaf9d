with

raw_inspections as (

    select * from {{ source('registers', 'chicago_food_inspections') }}

),

renamed as (

    select
        "ID" as inspection_id,

        "DBA" as establishment_name,
        "Address" as address,
        "FacilityType" as facility_type,
        "InspType" as inspection_type,
        "Risk" as risk,
        "Results" as result,
        "Violations" as violations_text,

        try_cast("Latitude" as double) as latitude,
        try_cast("Longitude" as double) as longitude,

        try_strptime("Date", '%m/%d/%Y')::date as inspected_date,

        {'latitude': "Latitude", 'longitude': "Longitude", 'inspected_date': "Date"} as raw

    from raw_inspections

)

select * from renamed
