{#- Pairs of rows that may be the same thing: the nearest by letters or by meaning. See docs/functions.md. -#}
{% macro ai_candidates(left, right, on, key='id', k=10, by='letters', share=0.05) -%}
    {%- do assay._assay_check_candidates(left, on, key, k, by, share) -%}
    {%- set other = 'a' if right is none else 'b' -%}
with

texts as (

    {{ assay._assay_side('a', left, key, on) }}
    {%- if right is not none %}
    union all
    {{ assay._assay_side('b', right, key, on) }}
    {%- endif %}

),

{% if by == 'letters' -%}
    {{ assay._assay_nearest_by_letters(right, other, k, share) }}
{%- else -%}
    {{ assay._assay_nearest_by_meaning(right, k) }}
{%- endif %}

select * from nearest
{%- endmacro %}

{#- CTEs that make `nearest` of `texts`: the pairs with the most groups of letters in common. -#}
{% macro _assay_nearest_by_letters(right, other, k, share) -%}
grams as (

    select
        side,
        row_key,
        unnest(list_distinct(list_transform(
            range(1, length(text) + 1), lambda place: substr(' ' || text || '  ', place, 3)
        ))) as gram

    from texts

),

weights as (

    select
        gram,
        count(*) as in_rows,
        ln(1 + (select count(*) from texts) / count(*)) as weight

    from grams
    group by gram

),

weighted as (

    select
        grams.side,
        grams.row_key,
        grams.gram,
        weights.in_rows,
        weights.weight / sqrt(sum(weights.weight ** 2) over (partition by grams.side, grams.row_key)) as weight

    from grams
    inner join weights on grams.gram = weights.gram

),

scored as (

    select
        a.row_key as key_a,
        b.row_key as key_b,
        round(sum(a.weight * b.weight), 6) as score

    from weighted as a
    inner join weighted as b on a.gram = b.gram
    where
        a.side = 'a' and b.side = '{{ other }}'
        and a.in_rows <= greatest(50, {{ share }} * (select count(*) from texts))
        {%- if right is none %}
        and a.row_key < b.row_key
        {%- endif %}
    group by 1, 2

),

{# Seen from each of its rows: a pair stays that is among the nearest of either. -#}
seen as (

    select 'a' as side, key_a as own, key_b as other, key_a, key_b, score from scored
    union all
    select '{{ other }}' as side, key_b as own, key_a as other, key_a, key_b, score from scored

),

nearest as (

    select distinct key_a, key_b, score
    from seen
    qualify row_number() over (partition by side, own order by score desc, other) <= {{ k }}

)
{%- endmacro %}

{#- CTEs that make `nearest` of `texts`: the pairs whose vectors are nearest; no pair is kept but these. -#}
{% macro _assay_nearest_by_meaning(right, k) -%}
embedded as (

    select
        side,
        row_key,
        {{ assay.ai_embed('text') }} as embedding

    from texts

),

{# The cosine of a vector of zeros is NaN, which DuckDB holds for greater than any number. -#}
compared as (

    select
        own.side,
        own.row_key,
        other.row_key as other_key,
        array_cosine_similarity(own.embedding, other.embedding) as score

    from embedded as own
    inner join embedded as other on {{ 'own.row_key <> other.row_key' if right is none else 'own.side <> other.side' }}
    where score < 2

),

found as (

    select
        side,
        row_key,
        unnest(max({'score': score, 'row_key': other_key}, {{ k }})) as best

    from compared
    group by side, row_key

),

nearest as (

    select distinct
        {%- if right is none %}
        least(row_key, best.row_key) as key_a,
        greatest(row_key, best.row_key) as key_b,
        {%- else %}
        case when side = 'a' then row_key else best.row_key end as key_a,
        case when side = 'a' then best.row_key else row_key end as key_b,
        {%- endif %}
        round(best.score, 6) as score

    from found

)
{%- endmacro %}

{#- The rows of one side of a comparison: their keys, and their texts in small letters. -#}
{% macro _assay_side(side, relation, key, on) -%}
    select
        '{{ side }}' as side,
        {{ assay._assay_column(key) }} as row_key,
        lower(trim(regexp_replace(cast({{ assay._assay_expression(on) }} as varchar), '\s+', ' ', 'g'))) as text

    from {{ relation }}
    where {{ assay._assay_column(key) }} is not null and trim(cast({{ assay._assay_expression(on) }} as varchar)) <> ''
{%- endmacro %}

{#- Stop at arguments of `ai_candidates` with which no pairs can be found. -#}
{% macro _assay_check_candidates(left, on, key, k, by, share) -%}
    {%- for name, value in {'on': on, 'key': key}.items() -%}
        {%- if value is not string or not value | trim -%}
            {%- do assay._assay_error('ai_candidates', name, value, 'name a column that both relations have') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if k is not integer or k is boolean or not 1 <= k <= 1000 -%}
        {%- do assay._assay_error('ai_candidates', 'k', k, 'give a whole number from 1 to 1000') -%}
    {%- endif -%}
    {%- if share is not number or share is boolean or not 0 < share <= 1 -%}
        {%- do assay._assay_error('ai_candidates', 'share', share, 'give a share above 0, at most 1') -%}
    {%- endif -%}
    {%- if by not in ['letters', 'meaning'] -%}
        {%- do assay._assay_error('ai_candidates', 'by', by, "give 'letters' or 'meaning'") -%}
    {%- endif -%}
{%- endmacro %}
