{% set topic = assay.ai_classify('comment', 'infraction', detail=true) %}

with

inspections as (

    select * from {{ ref('silver_chicago_inspections_passed') }}

),

groups as (

    select * from {{ ref('chicago_violation_groups') }}

),

parts as (

    select
        inspection_id,
        unnest(string_split(violations_text, '|')) as part,
        generate_subscripts(string_split(violations_text, '|'), 1) as place

    from inspections
    where violations_text is not null

),

taken_apart as (

    select
        concat(inspection_id, '-', place) as violation_id,
        inspection_id,

        trim(part) as part,
        try_cast(regexp_extract(part, '^\s*([0-9]+)\.', 1) as integer) as violation_number,
        regexp_extract(part, '^\s*[0-9]+\.\s*(.*?)\s*(- Comments:|$)', 1, 's') as heading,
        nullif(trim(regexp_extract(part, '- Comments:(.*)$', 1, 's')), '') as comment

    from parts

),

grouped as (

    select
        taken_apart.*,
        groups.topic as expected_topic,
        count(*) over (partition by inspection_id, part) as parts_alike

    from taken_apart
    left join groups on taken_apart.violation_number = groups.violation_number

),

answered as (

    select
        *,

        {{ topic }} as topic

    from grouped

)

select * from answered
