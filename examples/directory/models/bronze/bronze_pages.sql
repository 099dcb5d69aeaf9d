with

raw_pages as (

    select * from {{ source('register', 'pages') }}

)

select
    url,
    title,
    text

from raw_pages
