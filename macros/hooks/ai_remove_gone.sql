{#-
    Post-hook of an incremental model: removes the rows whose key is not in `source` any more, and
    says how many. A part of the source (`--empty`, `--sample`, a batch) removes nothing; where it
    would remove every row the model is stopped, and its table stays as it was.
-#}
{% macro ai_remove_gone(key, source) -%}
    {%- set keys = assay._assay_names('ai_remove_gone', 'key', [key] if key is string else key) -%}
    {%- if source is string or source.identifier is not defined -%}
        {%- do assay._assay_error('ai_remove_gone', 'source', source | string, 'give a ref(...) or a source(...)') -%}
    {%- endif -%}
    {%- if execute and source.limit is none and source.event_time_filter is none -%}
        {%- set same = [] -%}
        {%- for held in assay._assay_columns(keys, 'held') -%}
            {%- set present = assay._assay_columns([keys[loop.index0]], 'present')[0] -%}
            {%- do same.append(held ~ ' is not distinct from ' ~ present) -%}
        {%- endfor -%}
        {%- set gone = 'from ' ~ this ~ ' as held where not exists (select 1 from ' ~ source
            ~ ' as present where ' ~ same | join(' and ') ~ ')' -%}
        {%- set every = 'select count(*) from ' ~ this -%}
        {%- set counts = run_query('select (' ~ every ~ '), (select count(*) ' ~ gone ~ ')').rows[0] -%}
        {%- set told = counts[1] ~ ' of ' ~ counts[0] ~ ' rows of ' ~ this.identifier -%}
        {%- if counts[1] and counts[0] == counts[1] -%}
            {%- do assay._assay_error(
                'ai_remove_gone', 'source', source.identifier,
                'it has the key of no row, so that all would be removed: ' ~ told ~ '; look whether it was loaded '
                ~ 'and has the same key, or run once with --full-refresh'
            ) -%}
        {%- elif counts[1] -%}
            {%- do log(
                'ai_remove_gone: ' ~ told ~ ' are not in ' ~ source.identifier ~ ' any more and were removed.', info=true
            ) -%}
            delete {{ gone }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
