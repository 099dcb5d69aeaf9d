{#-
    What `ai_extract` looks for: {fields, single, sql_type, evidence_type}, from one name (all its values), a list
    of names, a mapping of names to types, or the name of a field set.
-#}
{% macro _assay_fields(macro, fields) -%}
    {%- set sets = assay._assay_field_sets(macro) if fields is string else {} -%}
    {%- if fields is string and fields in sets -%}
        {%- set given = sets[fields] -%}
        {%- set fields = {fields: {'type': ['text'], 'description': given}} if given is string else given -%}
        {%- set single = given is string -%}
    {%- elif fields is string and fields | trim -%}
        {%- set fields = {fields: ['text']} -%}
        {%- set single = true -%}
    {%- else -%}
        {%- set single = false -%}
    {%- endif -%}
    {%- set names = assay._assay_names(macro, 'fields', fields.keys() | list if fields is mapping else fields) -%}
    {%- set found = [] -%}
    {%- set types = [] -%}
    {%- set places = [] -%}
    {%- set place = 'struct(page integer, quote varchar)' -%}
    {%- for name in names -%}
        {%- set field = assay._assay_field(macro, name, fields[name] if fields is mapping else 'text') -%}
        {%- do types.append(assay._assay_identifier(name) ~ ' ' ~ field.sql_type) -%}
        {%- do places.append(assay._assay_identifier(name) ~ ' ' ~ place ~ ('[]' if field.spec.many else '')) -%}
        {%- do found.append(field.spec) -%}
    {%- endfor -%}
    {%- set sql_type = 'varchar[]' if single else 'struct(' ~ types | join(', ') ~ ')' -%}
    {%- set evidence_type = place ~ '[]' if single else 'struct(' ~ places | join(', ') ~ ')' -%}
    {%- do return({'fields': found, 'single': single, 'sql_type': sql_type, 'evidence_type': evidence_type}) -%}
{%- endmacro %}

{#- One field as {spec, sql_type}; `given` is a type or a mapping of type and description. -#}
{% macro _assay_field(macro, name, given) -%}
    {%- set description = none -%}
    {%- set type = given -%}
    {%- if given is mapping -%}
        {%- for key in given if key not in ['type', 'description'] -%}
            {%- do assay._assay_error(macro, name, key, 'a field has a type and a description') -%}
        {%- endfor -%}
        {%- set type = given.get('type', 'text') -%}
        {%- set description = given.get('description') -%}
        {%- if description is not none and description is not string -%}
            {%- do assay._assay_error(macro, name, description, 'a description must be text') -%}
        {%- endif -%}
    {%- endif -%}
    {%- set many = type is iterable and type is not string and type is not mapping and type | length == 1 -%}
    {%- set one = type[0] if many else type -%}
    {%- set known = {
        'text': 'varchar', 'integer': 'bigint', 'number': 'double', 'boolean': 'boolean',
        'date': 'date', 'timestamp': 'timestamp'
    } -%}
    {%- set spec = {'name': name, 'many': many, 'description': description} -%}
    {%- if one is string and one in known -%}
        {%- do spec.update({'type': one}) -%}
    {%- elif one is iterable and one is not string and one is not mapping and one | length > 1 -%}
        {%- do spec.update({'labels': assay._assay_names(macro, name, one)}) -%}
    {%- else -%}
        {%- do assay._assay_error(
            macro, name, type,
            'a type is one of ' ~ known | join(', ') ~ ', a list of one of these, or a list of labels'
        ) -%}
    {%- endif -%}
    {%- set sql_type = known[spec.get('type', 'text')] ~ ('[]' if many else '') -%}
    {%- do return({'spec': spec, 'sql_type': sql_type}) -%}
{%- endmacro %}
