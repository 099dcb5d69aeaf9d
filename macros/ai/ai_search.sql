{#-
    The rows of a relation whose vectors are nearest to a query text, best first: a subquery with
    all its columns and `similarity`. See docs/functions.md.
-#}
{% macro ai_search(relation, query, column='embedding', k=10, where=none, model=none) -%}
    {%- do assay._assay_check_search(query, column, k, where) -%}
    {%- set model = assay._assay_searched_model(relation, column, model) -%}
    {%- set vector = assay._assay_column(column) -%}
    {#- No filter stands before the limit: it would copy every vector, for half the time again. -#}
    (
        select *
        from (
            select
                searched.*,
                cast(
                    nullif(array_cosine_similarity(searched.{{ vector }}, asked.vector), 'nan'::float) as double
                ) as similarity
            from {{ relation }} as searched
            cross join (select {{ assay.ai_embed(assay._assay_quoted(query), model) }} as vector) as asked
            {%- if where is not none %}
            where {{ where }}
            {%- endif %}
            order by similarity desc nulls last
            limit {{ k }}
        )
        where similarity > -1
        order by similarity desc
    )
{%- endmacro %}
