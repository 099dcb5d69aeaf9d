{{ config(materialized='incremental', unique_key='ticket_id') }}

{%- set topic = assay.ai_classify('body', 'topic', detail=true) -%}

select
    ticket_id,
    customer_id,
    body,
    {{ topic }} as topic

from {{ ref('stg_tickets') }}
where {{ assay.ai_due('ticket_id', {'topic': topic}) }}
