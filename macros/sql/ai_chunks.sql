{#-
    The chunks of a text column of a relation, as a relation: the `key` columns, then `chunk_id`,
    `chunk`, `page`, `position` and `text`. See docs/functions.md.
-#}
{% macro ai_chunks(relation, column, key, max_tokens=500, overlap=0) -%}
    {%- set keys = assay._assay_names('ai_chunks', 'key', [key] if key is string else key) -%}
    {%- set own = ['chunk_id', 'chunk', 'position', 'text'] -%}
    {%- for name in assay._assay_bound(keys) if name in own -%}
        {%- do assay._assay_error(
            'ai_chunks', 'key', name, 'a chunk has a column of this name; give yours an alias in a CTE'
        ) -%}
    {%- endfor -%}
    {%- do assay._assay_check_chunk_size(max_tokens, overlap) -%}
    {%- do assay._assay_check_plugin() -%}
    {%- set cut = assay._assay_text('ai_chunks', column) ~ ", '" ~ max_tokens ~ "', '" ~ overlap ~ "'" -%}
    (
        select
            {{ assay._assay_columns(keys) | join(', ') }},
            chunk.chunk_id,
            chunk.chunk,
            {{ 'chunk.page, ' if 'page' not in assay._assay_bound(keys) -}}
            chunk."position",
            chunk."text"
        from (
            select
                *,
                unnest(
                    cast(cast(assay_chunks({{ cut }}) as json) as {{ assay._assay_chunk_type() }})
                ) as chunk
            from {{ relation }}
        )
    )
{%- endmacro %}

{#- What `assay_chunks` gives of a text, as JSON. -#}
{% macro _assay_chunk_type() -%}
    struct(chunk_id varchar, chunk integer, page integer, "position" integer, "text" varchar)[]
{%- endmacro %}

{#- Stop at a size that is none, and at an overlap that leaves a chunk nothing of its own. -#}
{% macro _assay_check_chunk_size(max_tokens, overlap) -%}
    {%- if max_tokens is not integer or max_tokens is boolean or max_tokens < 10 -%}
        {%- do assay._assay_error('ai_chunks', 'max_tokens', max_tokens, 'give a whole number of tokens, at least 10') -%}
    {%- elif overlap is not integer or overlap is boolean or overlap < 0 or 4 * overlap > max_tokens -%}
        {%- do assay._assay_error('ai_chunks', 'overlap', overlap, 'give a whole number of tokens, a quarter of `max_tokens` at most') -%}
    {%- endif -%}
{%- endmacro %}
