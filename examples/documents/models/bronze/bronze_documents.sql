select * from {{ ref('assay', 'assay_documents') }}
