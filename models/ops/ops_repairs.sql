with

repairs as (

    select * from {{ source('assay_store', 'repairs') }}

),

named as (

    select
        id as repair_id,
        relation,
        key_column,
        row_key,
        column_name,

        before,
        after,
        reason,
        rule,
        status,
        decided_by,

        confidence,

        proposed_at::timestamp as proposed_at,
        decided_at::timestamp as decided_at,
        case when status = 'accepted' then decided_at::timestamp end as applied_at

    from repairs

)

select * from named
