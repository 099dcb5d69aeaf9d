{#- The plugin counts and prices the rows of a run, as it does for the report. -#}
with

cascades as (

    select * from {{ source('assay_store', 'cascades') }}

),

uses as (

    select * from {{ source('assay_store', 'cascade_uses') }}

),

used as (

    select
        uses.invocation_id,

        cascades.cascade,
        cascades.name,
        'ai_' || cascades.kind as ai_function,
        cascades.prompt_hash,
        cascades.cheap as cheap_model,
        cascades.dear as dear_model,

        cascades.alpha,
        cascades.delta,
        cascades.sample,
        cascades.texts as text_count,
        cascades.drawn as drawn_count,
        cascades.threshold,
        cascades.kept as kept_drawn_count,
        cascades.errors as error_count,
        cascades.bound,
        uses.kept_rows as kept_row_count,
        uses.asked_rows as asked_row_count,
        uses.kept_rows / (uses.kept_rows + uses.asked_rows) as kept_share,
        uses.saved_usd,

        cascades.calibrated_at::timestamp as calibrated_at,
        uses.started_at::timestamp as started_at

    from cascades
    inner join uses on cascades.cascade = uses.cascade

)

select * from used
