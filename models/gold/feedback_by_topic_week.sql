-- depends_on: {{ ref('gate_silver') }}
with

feedback as (

    select * from {{ ref('silver_feedback_passed') }}

),

topics_and_sentiments as (

    select
        topic.value as topic,
        sentiment.value as sentiment,
        date_trunc('week', created_at)::date as week_start_date

    from feedback
    where topic.status = 'ok'

),

aggregated as (

    select
        topic,

        count(*) as feedback_count,
        count(*) filter (where sentiment > 0.05) as positive_count,
        count(*) filter (where sentiment between -0.05 and 0.05) as neutral_count,
        count(*) filter (where sentiment < -0.05) as negative_count,
        count(*) filter (where sentiment is null) as unknown_sentiment_count,
        avg(sentiment) as average_sentiment,

        week_start_date

    from topics_and_sentiments
    group by topic, week_start_date

)

select * from aggregated
