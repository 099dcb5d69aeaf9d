{#-
    What a stream has landed of a topic, in parentheses, to select from: each message once, with
    the columns of its contract and `_topic`, `_partition`, `_offset`, `_at`, `_key` and `_raw`.
-#}
{% macro assay_landed(topic, folder='data/streams') -%}
    {%- if topic is not string or not modules.re.fullmatch('[a-zA-Z0-9._-]{1,249}', topic) -%}
        {%- do assay._assay_error('assay_landed', 'topic', topic, 'give the name of a topic: ASCII letters, digits, dots, underscores, hyphens') -%}
    {%- endif -%}
    {%- if folder is not string or not folder | trim -%}
        {%- do assay._assay_error('assay_landed', 'folder', folder, 'name the `landing` of its stream, such as data/streams') -%}
    {%- endif -%}
    (
        select *
        from read_parquet({{ assay._assay_quoted(folder ~ '/' ~ topic ~ '/*.parquet') }}, union_by_name = true)
        qualify row_number() over (partition by _partition, _offset order by _at) = 1
    )
{%- endmacro %}
