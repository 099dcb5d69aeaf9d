-- depends_on: {{ ref('gate_silver') }}
with

customers as (

    select * from {{ ref('silver_customers_passed') }}

),

feedback as (

    select * from {{ ref('silver_feedback_passed') }}

),

feedback_per_customer as (

    select
        customer_id,

        count(*) as feedback_count,
        count(*) filter (where sentiment.value < -0.05) as negative_feedback_count,
        count(*) filter (where topic.value in ('returns_refunds', 'delivery')) as trouble_count,
        avg(sentiment.value) as average_sentiment,

        max(created_at) as last_feedback_at

    from feedback
    where customer_id is not null
    group by 1

),

joined as (

    select
        customers.customer_id,

        customers.full_name,
        customers.email,
        customers.country,
        customers.segment.value as segment,
        customers.interests.value.activities as activities,
        customers.interests.value.products as products_of_interest,

        customers.assessment.value.quality_score as contact_quality_score,
        coalesce(feedback_per_customer.feedback_count, 0) as feedback_count,
        coalesce(feedback_per_customer.negative_feedback_count, 0) as negative_feedback_count,
        coalesce(feedback_per_customer.trouble_count, 0) as trouble_count,
        feedback_per_customer.average_sentiment,

        customers.signed_up_at,
        feedback_per_customer.last_feedback_at

    from customers
    left join feedback_per_customer
        on customers.customer_id = feedback_per_customer.customer_id

)

select * from joined
