-- depends_on: {{ ref('gate_silver') }}
with

products as (

    select * from {{ ref('silver_products_passed') }}

),

feedback as (

    select * from {{ ref('silver_feedback_passed') }}

),

feedback_per_product as (

    select
        product_id,
        count(*) as feedback_count,
        avg(rating) as average_rating,
        avg(sentiment.value) as average_sentiment

    from feedback
    where product_id is not null
    group by 1

),

complaints_per_topic as (

    select
        product_id,
        topic.value as topic,
        count(*) as complaint_count

    from feedback
    where
        product_id is not null
        and topic.status = 'ok'
        and (sentiment.value < -0.05 or rating <= 2)
    group by 1, 2

),

complaints_per_product as (

    select
        product_id,
        sum(complaint_count)::bigint as complaint_count,
        list(
            struct_pack(topic := topic, complaint_count := complaint_count)
            order by complaint_count desc, topic asc
        )[1:3] as top_complaints

    from complaints_per_topic
    group by 1

),

joined as (

    select
        products.product_id,

        products.product_name,
        products.category,
        products.summary.value as summary,
        complaints_per_product.top_complaints,

        products.price_eur,
        coalesce(feedback_per_product.feedback_count, 0) as feedback_count,
        coalesce(complaints_per_product.complaint_count, 0) as complaint_count,
        feedback_per_product.average_rating,
        feedback_per_product.average_sentiment,

        products.waterproof.value as is_waterproof

    from products
    left join feedback_per_product
        on products.product_id = feedback_per_product.product_id
    left join complaints_per_product
        on products.product_id = complaints_per_product.product_id

)

select * from joined
