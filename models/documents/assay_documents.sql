{# In every project that has Assay as a package; alone nothing is built of it. #}
{{ config(enabled=true, materialized='ephemeral') }}

with

files as (

    select * from {{ source('assay_documents', 'documents') }}

),

contents as (

    select * from {{ source('assay_documents', 'document_contents') }}

),

latest_contents as (

    select * from contents
    qualify row_number() over (partition by content_hash order by parsed_at desc) = 1

),

documents_there as (

    select
        files.path,
        files.content_hash,

        regexp_extract(files.path, '^(.*)/[^/]*$', 1) as folder,
        latest_contents.kind,
        latest_contents.status,
        latest_contents.error,
        latest_contents.title,
        latest_contents.text,
        latest_contents.parser,
        latest_contents.metadata,

        files.bytes,
        latest_contents.page_count,

        files.modified_at

    from files
    inner join latest_contents on files.content_hash = latest_contents.content_hash
    where files.gone_at is null

)

select * from documents_there
