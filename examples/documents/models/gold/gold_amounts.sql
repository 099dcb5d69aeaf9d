with

documents as (

    select * from {{ ref('silver_documents_passed') }}

),

found as (

    select
        path,

        unnest(entities.value.amounts) as amount,
        unnest(entities.evidence.amounts) as evidence

    from documents
    where entities.status = 'ok'

),

amounts as (

    select
        path,

        amount,
        evidence."quote" as "quote",

        evidence.page as page

    from found

)

select * from amounts
