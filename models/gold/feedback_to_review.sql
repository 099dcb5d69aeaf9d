with

feedback as (

    select * from {{ ref('silver_feedback') }}

),

reasoned as (

    select
        feedback_id,
        customer_id,
        product_id,

        channel,
        body,
        topic.value as topic,
        details.value.order_number as order_number,
        details.value.desired_outcome as desired_outcome,
        list_filter(
            [
                case when topic.status not in ('ok', 'skipped') then 'topic_not_answered' end,
                case when topic.confidence < 0.4 then 'topic_uncertain' end,
                case when topic.value = 'other' then 'topic_other' end,
                case when sentiment.status = 'ok' and sentiment.value is null
                    then 'sentiment_unknown' end,
                case when sentiment.value <= -0.6 then 'very_negative' end,
                case when details.value.desired_outcome in ('refund', 'replacement', 'repair')
                    then 'wants_action' end
            ],
            lambda reason: reason is not null
        ) as review_reasons,

        sentiment.value as sentiment,

        created_at

    from feedback

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
            when list_contains(review_reasons, 'very_negative')
                and list_contains(review_reasons, 'wants_action') then 1
            when list_contains(review_reasons, 'very_negative')
                or list_contains(review_reasons, 'wants_action') then 2
            else 3
        end as priority,

        created_at

    from reasoned
    where len(review_reasons) > 0

)

select * from prioritised
