with

raw_licences as (

    select * from {{ source('register', 'licences') }}

),

renamed as (

    select
        licence_id,

        trim(operating_name) as name,
        address,

        issued_on::date as issued_on,
        cancelled_on::date as cancelled_on

    from raw_licences

)

select * from renamed
