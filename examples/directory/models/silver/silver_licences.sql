-- depends_on: {{ ref('gate_bronze') }}
with

licences as (

    select
        *,
        {{ name_words('name') }} as name_words,
        {{ door('address') }} as door

    from {{ ref('bronze_licences') }}

),

brands as (

    select
        brand,
        {{ name_words('brand') }} as brand_words

    from {{ ref('brands') }}

),

{# A business that renews its licence has several. #}
latest as (

    select * from licences
    where
        cancelled_on is null
        and issued_on > (select max(issued_on) from licences) - interval 365 day
    qualify row_number() over (partition by name_words, door order by issued_on desc, licence_id) = 1

),

denied as (

    select
        latest.licence_id,
        min(brands.brand) as brand

    from latest
    inner join brands on contains(latest.name_words, brands.brand_words)
    group by 1

),

licensed as (

    select
        latest.licence_id,

        latest.name,
        latest.address,
        latest.name_words,
        latest.door,
        denied.brand,

        latest.issued_on

    from latest
    left join denied on latest.licence_id = denied.licence_id

)

select * from licensed
