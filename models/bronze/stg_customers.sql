with

raw_customers as (

    select * from {{ ref('shop_customers') }}

),

raw_feedback as (

    select * from {{ ref('shop_feedback') }}

),

latest_feedback as (

    select
        customer_id,
        arg_max(body, (created_at, feedback_id)) as feedback_text

    from raw_feedback
    where customer_id is not null
    group by 1

),

joined as (

    select
        raw_customers.customer_id::integer as customer_id,

        raw_customers.customer_description::varchar as customer_description,
        raw_customers.customer_notes::varchar as customer_notes,
        latest_feedback.feedback_text::varchar as feedback_text,

        raw_customers.updated_at::timestamp as updated_at

    from raw_customers
    left join latest_feedback on raw_customers.customer_id = latest_feedback.customer_id

)

select * from joined
