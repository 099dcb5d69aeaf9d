{#-
    The rows of a relation that are nearest to a query text by their vectors, or by vectors and
    words, best first: a subquery with all its columns and how near. See docs/functions.md.
-#}
{% macro ai_search(relation, query, column='embedding', k=10, where=none, model=none, words=none, index=none, key=none, language=none) -%}
    {%- do assay._assay_check_search(query, column, k, where) -%}
    {%- do assay._assay_check_words(words) -%}
    {%- set indexes = assay._assay_indexes(relation, words, where, index, key, language) -%}
    {%- set model = assay._assay_searched_model(relation, column, model) -%}
    {%- set rows = assay._assay_compared(relation, query, column, where, model, words) if not indexes -%}
    (
        {%- if indexes %}
        {{ assay._assay_by_indexes(relation, query, column, k, where, model, words, indexes, key, language) }}
        {%- elif words is none %}
        select *
        from (
            {{ rows }}
            order by similarity desc nulls last
            limit {{ k }}
        )
        where similarity > -1
        order by similarity desc
        {%- else %}
        {{ assay._assay_by_meaning_and_words(rows, query, k) }}
        {%- endif %}
    )
{%- endmacro %}

{#-
    Each row of a relation with its similarity to the query text, and with `words` a number and the
    words of that text. No filter stands after it: it would copy every vector, for half the time
    again.
-#}
{% macro _assay_compared(relation, query, column, where, model, words) -%}
select
    {%- if words is not none %}
    row_number() over () as assay_place,
    {{ assay._assay_words_of(words) }} as assay_words,
    {%- endif %}
    searched.*,
    cast(
        nullif(array_cosine_similarity(searched.{{ assay._assay_column(column) }}, asked.vector), 'nan'::float)
        as double
    ) as similarity
from {{ relation }} as searched
cross join (select {{ assay.ai_embed(assay._assay_quoted(query), model) }} as vector) as asked
{%- if where is not none %}
where {{ where }}
{%- endif %}
{%- endmacro %}
