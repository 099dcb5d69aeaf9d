{#- Stop at `words` that name no text. -#}
{% macro _assay_check_words(words) -%}
    {%- if words is not none and (words is not string or not words | trim) -%}
        {%- do assay._assay_error(
            'ai_search', 'words', words, "name the column with the texts, `words='body'`, or leave it out"
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#- The words of a text, as a list: letters and digits of any script, small, without accents. -#}
{% macro _assay_words_of(text) -%}
regexp_extract_all(lower(strip_accents(cast({{ text }} as varchar))), '[\p{L}\p{M}\p{N}]+')
{%- endmacro %}

{#-
    The k best of the rows of `_assay_compared` by vectors and by words. The words are weighed as
    BM25 does; the two orders are joined by reciprocal rank, each by its first hundred rows.
-#}
{% macro _assay_by_meaning_and_words(rows, query, k) -%}
{%- set most = [k, 100] | max -%}
with

compared as materialized (

    {{ rows }}

),

texts as (

    select
        count(*) as texts,
        avg(len(assay_words)) as usual_length

    from compared
    where len(assay_words) > 0

),

wanted as (

    select unnest(list_distinct({{ assay._assay_words_of(assay._assay_quoted(query)) }})) as word

),

said as (

    select
        assay_place,
        len(assay_words) as length,
        unnest(assay_words) as word

    from compared

),

hits as (

    select
        said.assay_place,
        said.word,
        any_value(said.length) as length,
        count(*) as times

    from said
    inner join wanted on said.word = wanted.word
    group by 1, 2

),

weights as (

    select
        hits.word,
        ln(1 + (any_value(texts.texts) - count(*) + 0.5) / (count(*) + 0.5)) as weight

    from hits
    cross join texts
    group by 1

),

weighed as (

    select
        hits.assay_place,
        sum(
            weights.weight * hits.times * 2.2
            / (hits.times + 1.2 * (0.25 + 0.75 * hits.length / texts.usual_length))
        ) as bm25

    from hits
    inner join weights on hits.word = weights.word
    cross join texts
    group by 1

),

by_words as (

    select
        assay_place,
        bm25,
        rank() over (order by bm25 desc) as place

    from weighed
    order by bm25 desc, assay_place
    limit {{ most }}

),

by_meaning as (

    select
        assay_place,
        rank() over (order by similarity desc) as place

    from (
        select
            assay_place,
            similarity

        from compared
        where similarity > -1
        order by similarity desc, assay_place
        limit {{ most }}
    )

),

best as (

    select
        coalesce(by_meaning.assay_place, by_words.assay_place) as assay_place,
        by_words.bm25,
        coalesce(1.0 / (60 + by_meaning.place), 0) + coalesce(1.0 / (60 + by_words.place), 0) as fused

    from by_meaning
    full join by_words on by_meaning.assay_place = by_words.assay_place
    order by fused desc, assay_place
    limit {{ k }}

)

select
    compared.* exclude (assay_place, assay_words),
    best.bm25

from compared
inner join best on compared.assay_place = best.assay_place
order by best.fused desc, compared.assay_place
{%- endmacro %}
