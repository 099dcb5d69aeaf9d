with

raw_feedback as (

    select * from {{ ref('shop_feedback') }}

),

renamed as (

    select
        feedback_id::integer as feedback_id,
        customer_id::integer as customer_id,
        product_id::integer as product_id,

        channel::varchar as channel,
        body::varchar as body,

        rating::integer as rating,

        created_at::timestamp as created_at,
        updated_at::timestamp as updated_at

    from raw_feedback

)

select * from renamed
