{# In every project that has Assay as a package; alone nothing is built of it. #}
{{ config(enabled=true, materialized='ephemeral') }}

with

documents as (

    select * from {{ ref('assay_documents') }}

),

chunks as (

    select * from {{ source('assay_documents', 'document_chunks') }}

),

chunks_there as (

    select
        documents.path,
        chunks.chunk_id,

        chunks.text,

        chunks.chunk,
        chunks.page,
        chunks.position

    from documents
    inner join chunks
        on documents.content_hash = chunks.content_hash and documents.parser = chunks.parser

)

select * from chunks_there
