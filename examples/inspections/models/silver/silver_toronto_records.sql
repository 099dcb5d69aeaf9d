-- depends_on: {{ ref('gate_bronze') }}
{% set topic = assay.ai_classify('infraction_details', 'infraction', detail=true) %}

with

records as (

    select * from {{ ref('bronze_toronto__records') }}

),

-- What the other records of the same inspection say.
compared as (

    select
        *,

        count(*) over same_inspection as records_of_inspection,
        count(infraction_details) over same_inspection as infractions_of_inspection,
        count(*) over (
            partition by inspection_id, infraction_details
        ) as records_of_infraction,
        min(establishment_id) over same_inspection <> max(establishment_id) over same_inspection
        or min(raw.inspected_date) over same_inspection
        <> max(raw.inspected_date) over same_inspection as is_inspection_ambiguous

    from records
    window same_inspection as (partition by inspection_id)

),

answered as (

    select
        *,

        {{ topic }} as topic

    from compared

)

select * from answered
