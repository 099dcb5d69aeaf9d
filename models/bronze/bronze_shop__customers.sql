with

raw_customers as (

    select * from {{ ref('shop_customers') }}

),

renamed as (

    select
        customer_id::integer as customer_id,

        full_name::varchar as full_name,
        email::varchar as email,
        country::varchar as country,
        customer_description::varchar as customer_description,
        customer_notes::varchar as customer_notes,

        signed_up_at::timestamp as signed_up_at,
        updated_at::timestamp as updated_at

    from raw_customers

)

select * from renamed
