{#-
    Labels whose shares have moved away from the accepted ones. The accepted ones are those of
    `baseline`, a relation of `label` and `row_count`; without it those that `ops_label_shares` kept
    for this model, value and prompt when all gates last passed (`against: first`: when they first
    did). No such baseline yet: the test passes, and says so in the log. `value` is the expression
    of the label, or with `many` of a list of labels; with `envelope: false` the column is no
    envelope, and it needs a `baseline`.

    Both must hold for a drift: the population stability index is over `max_psi`, and chi-square is
    over what chance gives, as a normal deviate over `max_z`. The index says how much; on few rows
    chance alone moves it. Chi-square says how sure; on many rows every trifle is sure. `null`
    switches one of them off. A column that has a baseline and no answers at all has drifted.

    psi = sum((p - a) * ln(p / a)) over the labels, p the present and a the accepted share, a share
    of zero counted as half a row. Under 0.1 reads as stable, over 0.25 as shifted: N. Siddiqi,
    Credit Risk Scorecards, Wiley 2006; B. Yurdakul, Statistical Properties of Population Stability
    Index, 2018. Chi-square of homogeneity of two samples: K. Pearson, Biometrika 8 (1911), 250-254.
    Its normal deviate is z = ((x / d)^(1/3) - (1 - 2 / 9d)) / sqrt(2 / 9d) with d = labels - 1:
    E. B. Wilson, M. M. Hilferty, PNAS 17 (1931), 684-688. z = 3.09 is p = 0.001.
-#}
{% test ai_label_drift(
    model, column_name, value=none, many=false, envelope=true, baseline=none, against='last',
    max_psi=0.2, max_z=3.09
) %}

{%- if against not in ['last', 'first'] %}
    {%- do assay._assay_error('ai_label_drift', 'against', against, 'give last or first') %}
{%- elif max_psi is none and max_z is none %}
    {%- do assay._assay_error('ai_label_drift', 'max_psi', max_psi, 'give max_psi or max_z') %}
{%- elif not envelope and baseline is none %}
    {%- do assay._assay_error('ai_label_drift', 'baseline', baseline, 'give a relation of label and row_count') %}
{%- endif %}
{%- set looked_at = value or (column_name ~ '.value' if envelope else column_name) %}
{%- set kept = assay._assay_kept_shares() if baseline is none else none %}
{%- if baseline is none %}
    {%- do assay._assay_say_without_baseline(model, column_name, looked_at, kept) %}
{%- endif %}

with

labelled as (

    select
        {{ column_name ~ '.prompt_hash' if baseline is none else "''" }} as prompt_hash,
        {{ 'unnest(' ~ looked_at ~ ')' if many else looked_at }} as label

    from {{ model }}
    {%- if envelope %}
    where {{ column_name }}.status = 'ok'
    {%- endif %}

),

present as (

    select
        prompt_hash,
        coalesce(cast(label as varchar), '(none)') as label,
        count(*) as row_count

    from labelled
    group by 1, 2

),

accepted as (
    {% if baseline is not none %}
    select
        '' as prompt_hash,
        coalesce(label, '(none)') as label,
        row_count

    from {{ baseline }}
    {% elif kept is none %}
    select
        '' as prompt_hash,
        '' as label,
        0 as row_count

    where false
    {% else %}
    select
        prompt_hash,
        label,
        row_count

    from {{ kept }}
    where
        model_name = {{ assay._assay_quoted(assay._assay_tested_name(model)) }}
        and column_name = {{ assay._assay_quoted(looked_at) }}
    qualify accepted_at = {{ 'min' if against == 'first' else 'max' }}(accepted_at) over (
        partition by prompt_hash
    )
    {% endif %}
),

{#- The prompts in use that have a baseline, or all that have one where nothing is answered. -#}
prompts as (

    select distinct prompt_hash from accepted
    where
        prompt_hash in (select prompt_hash from present)
        or not exists (select 1 from present)

),

labels as (

    select prompt_hash, label from accepted
    union
    select prompt_hash, label from present

),

compared as (

    select
        labels.prompt_hash,
        coalesce(accepted.row_count, 0) as accepted_count,
        coalesce(present.row_count, 0) as present_count

    from labels
    inner join prompts on labels.prompt_hash = prompts.prompt_hash
    left join accepted
        on labels.prompt_hash = accepted.prompt_hash and labels.label = accepted.label
    left join present
        on labels.prompt_hash = present.prompt_hash and labels.label = present.label

),

totalled as (

    select
        *,
        sum(accepted_count) over (partition by prompt_hash) as accepted_total,
        sum(present_count) over (partition by prompt_hash) as present_total

    from compared

),

shared as (

    select
        *,
        greatest(accepted_count, 0.5) / accepted_total as accepted_share,
        greatest(present_count, 0.5) / present_total as present_share,
        (accepted_count + present_count) / (accepted_total + present_total) as common_share

    from totalled

),

measured as (

    select
        prompt_hash,
        max(present_total) as present_total,
        count(*) - 1 as degrees,
        sum((present_share - accepted_share) * ln(present_share / accepted_share)) as psi,
        sum(
            (accepted_count - common_share * accepted_total) ^ 2 / (common_share * accepted_total)
            + (present_count - common_share * present_total) ^ 2 / (common_share * present_total)
        ) as chi_square

    from shared
    group by 1

),

judged as (

    select
        *,
        case
            when degrees > 0
                then
                    ((chi_square / degrees) ^ (1 / 3) - (1 - 2 / (9 * degrees)))
                    / sqrt(2 / (9 * degrees))
        end as z

    from measured

),

validation_errors as (

    select * from judged
    where
        present_total = 0
        or (
            {{ 'true' if max_psi is none else 'psi > ' ~ max_psi }}
            and {{ 'true' if max_z is none else 'z > ' ~ max_z }}
        )

)

select * from validation_errors

{% endtest %}
