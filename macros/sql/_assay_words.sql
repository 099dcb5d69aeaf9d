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
    The k best of the rows of `_assay_compared` by vectors and by words. The words are weighed as BM25
    does; the share of the highest weight that these words can have is added to the similarity.
-#}
{% macro _assay_by_meaning_and_words(rows, query, k) -%}
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

scored as (

    select
        compared.assay_place,
        weighed.bm25,
        coalesce(compared.similarity, 0) + coalesce(weighed.bm25 / highest.bm25, 0) as score

    from compared
    left join weighed on compared.assay_place = weighed.assay_place
    cross join (select 2.2 * sum(weight) as bm25 from weights) as highest
    where compared.similarity > -1 or weighed.bm25 > 0
    order by score desc, compared.assay_place
    limit {{ k }}

)

select
    compared.* exclude (assay_place, assay_words),
    scored.bm25

from compared
inner join scored on compared.assay_place = scored.assay_place
order by scored.score desc, compared.assay_place
{%- endmacro %}
