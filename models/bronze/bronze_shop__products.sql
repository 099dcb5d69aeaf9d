with

raw_products as (

    select * from {{ ref('shop_products') }}

),

renamed as (

    select
        product_id::integer as product_id,

        product_name::varchar as product_name,
        category::varchar as category,
        description::varchar as description,

        price_eur::decimal(10, 2) as price_eur,

        launched_on::date as launched_date

    from raw_products

)

select * from renamed
