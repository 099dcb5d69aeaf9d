{#-
    Every row of `compare_to` is in the model or in `other`, in exactly one of them and once, by
    `key`; and they hold nothing else. rows in = passed + quarantined.
-#}
{% test rows_split(model, compare_to, other, key) %}

with

given as (

    select {{ key }} as row_key, count(*) as given_count from {{ compare_to }}
    group by {{ key }}

),

parts as (

    select {{ key }} as row_key from {{ model }}
    union all
    select {{ key }} from {{ other }}

),

found as (

    select row_key, count(*) as found_count from parts
    group by row_key

),

validation_errors as (

    select
        coalesce(given.row_key, found.row_key) as row_key,
        coalesce(given_count, 0) as given_count,
        coalesce(found_count, 0) as found_count

    from given
    full outer join found on given.row_key is not distinct from found.row_key
    where given_count is distinct from found_count or found_count > 1

)

select * from validation_errors

{% endtest %}
