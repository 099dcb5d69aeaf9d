with

documents as (

    select * from {{ ref('silver_documents_passed') }}

),

named as (

    select
        path,

        folder,
        coalesce(title, regexp_extract(path, '[^/]*$')) as title,
        category.value as category,
        summary.value as summary,
        entities.value.organisations as organisations,
        entities.value.people as people,
        entities.value.amounts as amounts

    from documents
    where category.status = 'ok'

)

select * from named
