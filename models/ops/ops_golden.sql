with

evaluations as (

    select * from {{ source('assay_store', 'evaluations') }}

),

typed as (

    select
        invocation_id,

        model_name,
        column_name,
        golden,
        kind,
        prompt_hash,
        model,
        fingerprint,
        compared_with,
        nullif(reasons, '') as reasons,

        row_count,
        answered,
        right_count,
        accuracy,
        accuracy_low,
        accuracy_high,
        macro_f1,
        macro_f1_low,
        macro_f1_high,
        token_f1,
        token_f1_low,
        token_f1_high,
        mean_confidence,
        calibration_error,
        compared_rows,
        lost,
        gained,
        p_value,

        passed = 1 as is_passed,

        evaluated_at::timestamp as evaluated_at,

        from_json(
            recalls,
            '[{"label": "varchar", "rows": "bigint", "right": "bigint", "recall": "double", '
            || '"low": "double", "high": "double"}]'
        ) as recalls

    from evaluations

)

select * from typed
