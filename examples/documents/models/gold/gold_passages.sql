with

documents as (

    select * from {{ ref('gold_documents') }}

),

chunks as (

    select * from {{ ref('assay', 'assay_document_chunks') }}

),

passages as (

    select
        documents.path,
        chunks.chunk_id,

        documents.category,
        chunks.text,
        {{ assay.ai_embed('chunks.text') }} as embedding,

        chunks.page

    from documents
    inner join chunks on documents.path = chunks.path

)

select * from passages
