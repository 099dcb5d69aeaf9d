with

raw_golden as (

    select * from {{ ref('golden_feedback') }}

),

renamed as (

    select
        feedback_id::integer as feedback_id,

        topic::varchar as topic,
        sentiment::varchar as sentiment,
        order_number::varchar as order_number,
        desired_outcome::varchar as desired_outcome

    from raw_golden

)

select * from renamed
