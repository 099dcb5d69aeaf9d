-- depends_on: {{ ref('bronze_pages') }}
{{ config(
    materialized='incremental',
    unique_key='licence_id',
    post_hook="{{ assay.ai_remove_gone('licence_id', ref('silver_kitchens')) }}"
) }}

{%- set found = assay.ai_verify(
    ['name', 'address'],
    'What is this: a restaurant, where meals are cooked and served, a shop, or a service?',
    {
        'is_a': ['restaurant', 'shop', 'service'],
        'cuisine': [
            'chinese', 'ethiopian', 'georgian', 'greek', 'indian', 'italian', 'japanese', 'korean',
            'lebanese', 'mexican', 'persian', 'tamil', 'thai', 'ukrainian', 'vietnamese'
        ],
        'phone': {'type': 'text', 'description': 'phone number'}
    },
    kinds={
        'social': {'hosts': ['pictures.example'], 'days': 30},
        'listing': {'hosts': ['listings.example'], 'days': 30},
        'own_site': 180
    },
    detail=true
) -%}

with

kitchens as (

    select * from {{ ref('silver_kitchens') }}

),

due as (

    select * from kitchens
    where {{ assay.ai_due('licence_id', {'found': found}, also=['name', 'address', 'door']) }}

),

answered as (

    select
        licence_id,

        name,
        address,
        name_words,
        door,

        {{ found }} as found

    from due

)

select * from answered
