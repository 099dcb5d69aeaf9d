-- depends_on: {{ ref('gate_bronze') }}
{{ config(
    unique_key='customer_id',
    post_hook="{{ ai_remove_gone('customer_id', ref('bronze_shop__customers')) }}"
) }}

{%- set segment = ai_classify('customer_description', 'segment', detail=true) -%}
{%- set interests = ai_extract('customer_notes', 'interests', detail=true) -%}
{%- set assessment = ai_assess(['full_name', 'email', 'country'], detail=true) -%}

with

customers as (

    select * from {{ ref('bronze_shop__customers') }}

),

due as (

    select * from customers
    where {{ ai_due(
        'customer_id', {'segment': segment, 'interests': interests, 'assessment': assessment},
        also=['updated_at']
    ) }}

),

answered as (

    select
        customer_id,

        full_name,
        email,
        country,
        customer_description,
        customer_notes,

        signed_up_at,
        updated_at,

        {{ segment }} as segment,
        {{ interests }} as interests,
        {{ assessment }} as assessment

    from due

)

select * from answered
