-- depends_on: {{ ref('gate_silver') }}
with

feedback as (

    select * from {{ ref('silver_feedback_passed') }}

),

flagged as (

    select
        feedback_id,
        customer_id,
        product_id,

        channel,
        body,
        topic.value as topic,
        details.value.order_number as order_number,
        details.value.desired_outcome as desired_outcome,

        sentiment.value as sentiment,

        topic.status not in ('ok', 'skipped') as is_topic_unanswered,
        topic.confidence < 0.4 as is_topic_uncertain,
        topic.value = 'other' as is_topic_other,
        sentiment.value is null
        and sentiment.status in ('ok', 'unsupported') as is_sentiment_unknown,
        sentiment.value <= -0.6 as is_very_negative,
        details.value.desired_outcome in ('refund', 'replacement', 'repair') as is_action_wanted,

        created_at

    from feedback

),

reasoned as (

    select
        *,
        list_filter(
            [
                case when is_topic_unanswered then 'topic_not_answered' end,
                case when is_topic_uncertain then 'topic_uncertain' end,
                case when is_topic_other then 'topic_other' end,
                case when is_sentiment_unknown then 'sentiment_unknown' end,
                case when is_very_negative then 'very_negative' end,
                case when is_action_wanted then 'wants_action' end
            ],
            lambda reason: reason is not null
        ) as review_reasons

    from flagged

),

prioritised as (

    select
        feedback_id,
        customer_id,
        product_id,

        channel,
        body,
        topic,
        order_number,
        desired_outcome,
        review_reasons,

        sentiment,
        case
            when is_very_negative and is_action_wanted then 1
            when is_very_negative or is_action_wanted then 2
            else 3
        end as priority,

        created_at

    from reasoned
    where len(review_reasons) > 0

)

select * from prioritised
