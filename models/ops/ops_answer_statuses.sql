with

feedback as (

    select * from {{ ref('silver_feedback') }}

),

customers as (

    select * from {{ ref('silver_customers') }}

),

products as (

    select * from {{ ref('silver_products') }}

),

statuses as (

    select 'silver_feedback' as model_name, 'topic' as column_name, topic.status from feedback
    union all
    select 'silver_feedback', 'sentiment', sentiment.status from feedback
    union all
    select 'silver_feedback', 'details', details.status from feedback
    union all
    select 'silver_customers', 'segment', segment.status from customers
    union all
    select 'silver_customers', 'interests', interests.status from customers
    union all
    select 'silver_customers', 'assessment', assessment.status from customers
    union all
    select 'silver_products', 'summary', summary.status from products
    union all
    select 'silver_products', 'waterproof', waterproof.status from products

),

counted as (

    select
        model_name,
        column_name,
        status,
        count(*) as row_count

    from statuses
    group by model_name, column_name, status

)

select * from counted
