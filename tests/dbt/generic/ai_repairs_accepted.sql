{#-
    Cells that hold a repair that nobody accepted: among the columns that the table shares with
    `relation`, which it is made of, each that differs from it by `key` must be the `after` of an
    accepted repair of what is there now. `columns` names those that are compared, all of them
    unless told. A table of which nothing can be compared is an error, too.
-#}
{% test ai_repairs_accepted(model, relation, key, columns=none) %}

with

held as (

    {{ assay._assay_cells(model, key, columns) }}

),

unrepaired as (

    {{ assay._assay_cells(relation, key, columns) }}

),

accepted as (

    {{ assay._assay_accepted_repairs(relation) }}

),

compared as (

    select
        held.row_key,
        held.column_name,

        unrepaired.value as before,
        held.value as after

    from held
    inner join unrepaired
        on held.row_key = unrepaired.row_key and held.column_name = unrepaired.column_name

),

not_accepted as (

    select
        compared.row_key,
        compared.column_name

    from compared
    left join accepted
        on
            compared.row_key = accepted.row_key
            and compared.column_name = accepted.column_name
            and compared.before is not distinct from accepted.before
            and compared.after is not distinct from accepted.after
    where compared.before is distinct from compared.after and accepted.row_key is null

),

validation_errors as (

    select * from not_accepted
    union all
    select null, 'nothing was compared' where not exists (select 1 from compared)

)

select * from validation_errors

{% endtest %}
