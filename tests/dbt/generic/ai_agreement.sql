{#-
    Two columns that agree too seldom, or no more than by chance: `value` of the model, and `other`
    of the same row, or of the row of `compare_to` with the same `key`. Both are SQL expressions.
    The share that agrees must be at least `min_agreement`, Cohen's kappa at least `min_kappa`;
    either can be `null`. Rows where both are NULL are not compared; where one is, they disagree.
    Nothing to compare is an error.

    kappa = (po - pe) / (1 - pe), po the share that agrees, pe the share that would by chance.
    J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20 (1960), 37-46. 0.61 to 0.80 reads as substantial: J. R. Landis, G. G. Koch,
    The measurement of observer agreement for categorical data, Biometrics 33 (1977), 159-174.
    Where both sides know one label only, kappa is not defined and only the share counts.
-#}
{% test ai_agreement(model, value, other, compare_to=none, key=none, min_agreement=0.8, min_kappa=0.6) %}

{%- if (compare_to is none) != (key is none) %}
    {%- do assay._assay_error(
        'ai_agreement', 'key', key, 'compare_to and key go together; give both or neither'
    ) %}
{%- elif min_agreement is none and min_kappa is none %}
    {%- do assay._assay_error(
        'ai_agreement', 'min_agreement', min_agreement, 'give min_agreement or min_kappa'
    ) %}
{%- endif %}

with

{%- if compare_to is none %}

pairs as (

    select cast({{ value }} as varchar) as one, cast({{ other }} as varchar) as two from {{ model }}

),

{%- else %}

ones as (

    select {{ key }} as row_key, cast({{ value }} as varchar) as one from {{ model }}

),

twos as (

    select {{ key }} as row_key, cast({{ other }} as varchar) as two from {{ compare_to }}

),

pairs as (

    select one, two from ones
    inner join twos on ones.row_key = twos.row_key

),

{%- endif %}

compared as (

    select coalesce(one, '(none)') as one, coalesce(two, '(none)') as two from pairs
    where one is not null or two is not null

),

one_shares as (

    select one as label, count(*) / (select count(*) from compared) as share from compared
    group by 1

),

two_shares as (

    select two as label, count(*) / (select count(*) from compared) as share from compared
    group by 1

),

measured as (

    select
        (select count(*) from compared) as compared_count,
        (select avg(cast(one = two as integer)) from compared) as agreement,
        (
            select coalesce(sum(one_shares.share * two_shares.share), 0) from one_shares
            inner join two_shares on one_shares.label = two_shares.label
        ) as chance

),

judged as (

    select
        *,
        case when chance < 1 then (agreement - chance) / (1 - chance) end as kappa

    from measured

),

validation_errors as (

    select * from judged
    where
        compared_count = 0
        {%- if min_agreement is not none %}
        or agreement < {{ min_agreement }}
        {%- endif %}
        {%- if min_kappa is not none %}
        or kappa < {{ min_kappa }}
        {%- endif %}

)

select * from validation_errors

{% endtest %}
