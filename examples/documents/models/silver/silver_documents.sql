-- depends_on: {{ ref('gate_bronze') }}
{# One text for three questions: they leave in one request. A file without text costs none. #}
{% set beginning = 'left(text, 4000)' %}

with

documents as (

    select * from {{ ref('bronze_documents') }}

),

answered as (

    select
        path,

        folder,
        status,
        title,
        text,

        page_count,

        {{ assay.ai_classify(beginning, 'document_category', detail=true) }} as category,
        {{ assay.ai_extract(
            beginning,
            {
                'organisations': {'type': ['text'], 'description': 'names of companies'},
                'people': {'type': ['text'], 'description': 'names of people'},
                'amounts': {'type': ['text'], 'description': 'amounts of money, as written'},
            },
            evidence=true,
            detail=true
        ) }} as entities,
        {{ assay.ai_summarize(
            beginning, max_words=60, instructions='In two sentences.', detail=true
        ) }} as summary

    from documents

)

select * from answered
