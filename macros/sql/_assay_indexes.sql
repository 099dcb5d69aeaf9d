{#- The languages whose words DuckDB's `fts` knows by their stems; with `none` words stay whole. -#}
{% macro _assay_stemmed() -%}
    {%- do return([
        'none', 'arabic', 'basque', 'catalan', 'danish', 'dutch', 'english', 'finnish', 'french', 'german',
        'greek', 'hindi', 'hungarian', 'indonesian', 'irish', 'italian', 'lithuanian', 'nepali', 'norwegian',
        'porter', 'portuguese', 'romanian', 'russian', 'serbian', 'spanish', 'swedish', 'tamil', 'turkish',
    ]) -%}
{%- endmacro %}

{#- The indexes that a search asks for, as a list, empty for none; stop at what they cannot do. -#}
{% macro _assay_indexes(relation, words, where, index, key, language) -%}
    {%- set indexes = ([index] if index is string else index) if index is not none else [] -%}
    {%- set is_list = indexes is iterable and indexes is not mapping and indexes is not string -%}
    {%- if not is_list or indexes | reject('in', ['fts', 'vss']) | list or (index is not none and not indexes) -%}
        {%- do assay._assay_error('ai_search', 'index', index, "give 'fts' for words, 'vss' for vectors, a list of both, or leave it out") -%}
    {%- elif 'fts' in indexes and words is none -%}
        {%- do assay._assay_error('ai_search', 'index', index, "name by `words='body'` the text that it is of") -%}
    {%- elif 'vss' in indexes and where is not none -%}
        {%- do assay._assay_error('ai_search', 'where', where, "the index `vss` knows of no condition; leave out one of the two") -%}
    {%- elif indexes == ['vss'] and words is not none -%}
        {%- do assay._assay_error('ai_search', 'index', index, "with `words` give ['fts', 'vss'], or leave it out") -%}
    {%- elif indexes and (key is not string or not key | trim) -%}
        {%- do assay._assay_error('ai_search', 'key', key, "name by `key='mail_id'` what tells rows apart") -%}
    {%- elif language is not none and ('fts' not in indexes or language not in assay._assay_stemmed()) -%}
        {%- do assay._assay_error('ai_search', 'language', language, "it goes with `index='fts'` and is one of " ~ assay._assay_stemmed() | join(', ')) -%}
    {%- elif indexes and execute and (relation is string or relation.is_view or relation.is_cte) -%}
        {%- do assay._assay_error('ai_search', 'relation', relation | string, "an index is of a table; give a `ref(...)` of a model with `materialized='table'`, or leave `index` out") -%}
    {%- endif -%}
    {%- do return(indexes) -%}
{%- endmacro %}

{#-
    The k best of a table by its indexes. Those of words name rows beside which all others are
    compared by their vectors; with that of vectors only rows that an index names are looked at, by
    their place in the table, so that no other vector is read.
-#}
{% macro _assay_by_indexes(relation, query, column, k, where, model, words, indexes, key, language) -%}
{%- set wanted = {
    'relation': relation | string, 'key': key, 'column': assay._assay_column(column), 'words': words,
    'index': indexes, 'language': language or 'none', 'k': k,
} -%}
with

asked as materialized (

    select {{ assay.ai_embed(assay._assay_quoted(query), model) }} as assay_vector

),

answered as materialized (

    select assay_hits({{ assay._assay_literal(wanted | tojson) }}, {{ assay._assay_quoted(query) }}, cast(assay_vector as varchar)) as assay_told
    from asked

),

named as materialized (

    select unnest(cast(cast(assay_told as json) as struct("key" varchar, bm25 double, "share" double)[])) as assay_hit
    from answered

),

scored as materialized (

    select
        searched.rowid as assay_row,
        cast(
            nullif(array_cosine_similarity(searched.{{ assay._assay_column(column) }}, asked.assay_vector), 'nan'::float)
            as double
        ) as assay_similarity,
        assay_hit['bm25'] as assay_bm25,
        coalesce(assay_similarity, 0) + coalesce(assay_hit['share'], 0) as assay_score

    from {{ relation }} as searched
    cross join asked
    {{ 'inner' if 'vss' in indexes else 'left' }} join named on cast({{ key }} as varchar) = assay_hit['key']
    where
        (assay_similarity > -1 or assay_bm25 > 0)
        {%- if 'vss' in indexes %}
        and searched.rowid in (
            select rowid from {{ relation }} where cast({{ key }} as varchar) in (select assay_hit['key'] from named)
        )
        {%- endif %}
        {%- if where is not none %}
        and ({{ where }})
        {%- endif %}
    order by assay_score desc, assay_row
    limit {{ k }}

)

select
    searched.*,
    scored.assay_similarity as similarity
    {%- if words is not none %},
    scored.assay_bm25 as bm25
    {%- endif %}

from {{ relation }} as searched
inner join scored on searched.rowid = scored.assay_row
where searched.rowid in (select assay_row from scored)
order by scored.assay_score desc, scored.assay_row
{%- endmacro %}
