-- depends_on: {{ ref('gate_bronze') }}
{{ config(
    unique_key='feedback_id',
    post_hook="{{ ai_remove_gone('feedback_id', ref('bronze_shop__feedback')) }}"
) }}

{%- set topic = ai_classify('body', 'topic', examples='topic', detail=true) -%}
{%- set sentiment = ai_sentiment('body', detail=true) -%}
{%- set details = ai_extract('body', 'feedback_details', detail=true) -%}

with

feedback as (

    select * from {{ ref('bronze_shop__feedback') }}

),

due as (

    select * from feedback
    where {{ ai_due(
        'feedback_id', {'topic': topic, 'sentiment': sentiment, 'details': details},
        also=['updated_at']
    ) }}

),

answered as (

    select
        feedback_id,
        customer_id,
        product_id,

        channel,
        body,

        rating,

        created_at,
        updated_at,

        {{ topic }} as topic,
        {{ sentiment }} as sentiment,
        {{ details }} as details

    from due

)

select * from answered
