{#- The model that makes vectors for whoever names `name`, or the usual one, and their length. -#}
{% macro _assay_embedding(macro, name) -%}
    {%- if name is not none and (name is not string or not name | trim) -%}
        {%- do assay._assay_error(macro, 'model', name, 'give text, or leave it out') -%}
    {%- endif -%}
    {%- if not execute -%}
        {%- do return({'model': name, 'dimensions': 1}) -%}
    {%- endif -%}
    {%- do assay._assay_check_plugin() -%}
    {%- set asked = 'select assay_embedding(' ~ assay._assay_quoted(name or '') ~ ')' -%}
    {%- set found = fromjson(run_query(asked).columns[0].values()[0]) -%}
    {%- if found.error -%}
        {%- do exceptions.raise_compiler_error(macro ~ ': ' ~ found.error) -%}
    {%- endif -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Stop at arguments of a search that are none. -#}
{% macro _assay_check_search(query, column, k, where) -%}
    {%- if query is not string or not query | trim -%}
        {%- do assay._assay_error('ai_search', 'query', query, 'give the text that is searched for') -%}
    {%- elif column is not string or not column | trim -%}
        {%- do assay._assay_error('ai_search', 'column', column, 'name the column with the vectors') -%}
    {%- elif k is not integer or k is boolean or k < 1 -%}
        {%- do assay._assay_error('ai_search', 'k', k, 'give a whole number from 1 on') -%}
    {%- elif where is not none and (where is not string or not where | trim) -%}
        {%- do assay._assay_error('ai_search', 'where', where, 'give a SQL condition, or leave it out') -%}
    {%- endif -%}
{%- endmacro %}

{#-
    The model whose vectors a column of a relation holds: the one that is given, or that its meta
    names, or the usual one. Stop where its vectors are not as long as those of the model, or it is
    known to hold those of another. Of a name, such as that of a CTE, nothing is known.
-#}
{% macro _assay_searched_model(relation, column, given) -%}
    {%- if not execute or relation is string -%}
        {%- do return(given) -%}
    {%- endif -%}
    {%- set named = [] -%}
    {%- for node in assay._assay_nodes() if node.get('relation_name') == relation | string -%}
        {%- do named.extend(assay._assay_models_in(node, column)) -%}
    {%- endfor -%}
    {%- set model = given or (named[0] if named else none) -%}
    {%- if named and model not in named -%}
        {%- do assay._assay_error(
            'ai_search', 'model', model,
            'the column ' ~ column ~ ' has vectors of ' ~ named[0] ~ '; leave `model` out'
        ) -%}
    {%- endif -%}
    {%- set wanted = 'FLOAT[' ~ assay._assay_embedding('ai_search', model).dimensions ~ ']' -%}
    {%- set bound = assay._assay_bound([column])[0] -%}
    {%- for one in adapter.get_columns_in_relation(relation) if assay._assay_folded(one.name) == bound and one.dtype != wanted -%}
        {%- do assay._assay_error(
            'ai_search', 'column', column,
            'it is of type ' ~ one.dtype ~ ', and the model of the query gives ' ~ wanted
            ~ '; name the model that made the column under its meta, `embedding_model`'
        ) -%}
    {%- endfor -%}
    {%- do return(model) -%}
{%- endmacro %}

{#- Stop where vectors that are compared were made by two models, as far as that is known. -#}
{% macro _assay_check_one_model(macro, vectors) -%}
    {%- set found = {} -%}
    {%- for argument, vector in vectors.items() -%}
        {%- if vector is not string or not vector | trim -%}
            {%- do assay._assay_error(macro, argument, vector, 'give a SQL expression of a vector') -%}
        {%- endif -%}
        {%- for model in assay._assay_models_of(vector) -%}
            {%- do found.update({model: argument}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if found | length > 1 -%}
        {%- do assay._assay_error(
            macro, 'a, b', found.keys() | sort,
            'vectors of two models have nothing in common; make both with one model'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#-
    The models of vectors that an expression may hold: of a call of ours its own, of a column those
    that the meta of columns of this name says, in what the present model reads.
-#}
{% macro _assay_models_of(vector) -%}
    {%- set models = [] -%}
    {%- if not execute -%}
        {%- do return(models) -%}
    {%- endif -%}
    {%- set call = "assay_task\\('((?:[^']|'')*)'" -%}
    {%- for task in modules.re.findall(call, vector) -%}
        {%- set asked = fromjson(task | replace("''", "'")).model -%}
        {%- do models.append(assay._assay_embedding('ai_embed', asked).model) -%}
    {%- endfor -%}
    {%- set read = model.depends_on.nodes if model is defined and not models else [] -%}
    {%- for node in assay._assay_nodes() if node.unique_id in read -%}
        {%- do models.extend(assay._assay_models_in(node, vector)) -%}
    {%- endfor -%}
    {%- do return(models | unique | list) -%}
{%- endmacro %}

{#-
    The model whose vectors a column of a node holds, in a list that is empty where it holds none:
    the one that its meta names, or the usual one where none is named.
-#}
{% macro _assay_models_in(node, column) -%}
    {%- set wanted = assay._assay_bound([column])[0] -%}
    {%- for name, one in node.columns.items() if assay._assay_folded(name) == wanted -%}
        {%- set meta = one.get('config', {}).get('meta') or one.get('meta') or {} -%}
        {%- if meta.get('embedding_model') -%}
            {%- do return([meta.embedding_model]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set relation = assay._assay_relation_of(node) -%}
    {%- for one in (adapter.get_columns_in_relation(relation) if relation else []) if assay._assay_folded(one.name) == wanted and one.dtype.startswith('FLOAT[') -%}
        {%- do return([assay._assay_embedding('ai_embed', none).model]) -%}
    {%- endfor -%}
    {%- do return([]) -%}
{%- endmacro %}
