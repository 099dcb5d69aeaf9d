{#-
    Post-hook of an incremental model: remove the rows whose key is not in `source` any more, and
    say how many. A part of `source` (--empty, --sample, a batch) removes nothing, and a source in
    which not one key of the table is stops the model, whose table then stays as it was.
-#}
{% macro ai_remove_gone(key, source) -%}
    {%- set keys = _assay_names('ai_remove_gone', 'key', [key] if key is string else key) -%}
    {%- if source is string or source.identifier is not defined -%}
        {%- do _assay_error('ai_remove_gone', 'source', source | string, 'give a ref(...) or a source(...)') -%}
    {%- endif -%}
    {%- if execute and source.limit is none and source.event_time_filter is none -%}
        {%- set same = [] -%}
        {%- for held in _assay_columns(keys, 'held') -%}
            {%- do same.append(held ~ ' is not distinct from ' ~ _assay_columns([keys[loop.index0]], 'present')[0]) -%}
        {%- endfor -%}
        {%- set gone = 'from ' ~ this ~ ' as held where not exists (select 1 from ' ~ source
            ~ ' as present where ' ~ same | join(' and ') ~ ')' -%}
        {%- set counts = run_query('select (select count(*) from ' ~ this ~ '), (select count(*) ' ~ gone ~ ')').rows[0] -%}
        {%- if counts[1] and counts[0] == counts[1] -%}
            {%- do _assay_error(
                'ai_remove_gone', 'source', source | string,
                'no row of ' ~ this ~ ' has its key there, so that all of them would be removed'
            ) -%}
        {%- elif counts[1] -%}
            {%- do log('ai_remove_gone: ' ~ counts[1] ~ ' of ' ~ counts[0] ~ ' rows of ' ~ model.name ~ ' are not in ' ~ source ~ ' any more, and were removed.', info=true) -%}
            delete {{ gone }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
