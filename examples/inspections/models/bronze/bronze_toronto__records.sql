with

raw_records as (

    select * from {{ source('registers', 'toronto_dinesafe') }}

),

renamed as (

    select
        "Rec #" as record_id,
        "Establishment ID" as establishment_id,
        "Inspection ID" as inspection_id,

        "Establishment Name" as establishment_name,
        "Establishment Type" as establishment_type,
        "Establishment Address" as address,
        "Establishment Status" as establishment_status,
        "Infraction Details" as infraction_details,
        "Severity" as severity,
        "Action" as action,
        "Outcome" as outcome,

        try_cast("Latitude" as double) as latitude,
        try_cast("Longitude" as double) as longitude,
        try_cast("Min. Inspections Per Year" as integer) as minimum_inspections_per_year,
        try_cast("Amount Fined" as decimal(12, 2)) as fine_cad,

        try_cast("Inspection Date" as date) as inspected_date,

        {
            'latitude': "Latitude",
            'longitude': "Longitude",
            'minimum_inspections_per_year': "Min. Inspections Per Year",
            'fine_cad': "Amount Fined",
            'inspected_date': "Inspection Date"
        } as raw

    from raw_records

)

select * from renamed
