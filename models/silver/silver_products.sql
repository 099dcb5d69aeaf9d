-- depends_on: {{ ref('gate_bronze') }}
{{ config(
    unique_key='product_id',
    post_hook="{{ ai_remove_gone('product_id', ref('bronze_shop__products')) }}"
) }}

{%- set summary = ai_summarize('description', max_words=20, detail=true) -%}
{%- set waterproof = ai_filter('description', 'Is the product waterproof?', detail=true) -%}

with

products as (

    select * from {{ ref('bronze_shop__products') }}

),

due as (

    select * from products
    where {{ ai_due(
        'product_id', {'summary': summary, 'waterproof': waterproof},
        also=['product_name', 'category', 'price_eur', 'launched_date']
    ) }}

),

answered as (

    select
        product_id,

        product_name,
        category,
        description,

        price_eur,

        launched_date,

        {{ summary }} as summary,
        {{ waterproof }} as waterproof

    from due

)

select * from answered
