with

documents as (

    select * from {{ ref('bronze_documents') }}

),

counted as (

    select
        folder,
        count(*) as documents,
        avg((status = 'ok')::integer) as readable_share

    from documents
    group by 1

)

select * from counted
