with

licences as (

    select count(*) as licences from {{ ref('bronze_licences') }}

),

directory as (

    select count(*) as listed from {{ ref('gold_directory') }}

)

select
    licences.licences,
    directory.listed,
    directory.listed / licences.licences as listed_share

from licences
cross join directory
