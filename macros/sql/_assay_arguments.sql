{#- Stop the compile: which macro, which argument, what it was given, and what to do. -#}
{% macro _assay_error(macro, argument, value, remedy) -%}
    {%- set message = macro ~ ': wrong `' ~ argument ~ '` '
        ~ (value if assay._assay_is_odd(value) else assay._assay_shown(value) | tojson) ~ '; ' ~ remedy ~ '.' -%}
    {#- dbt keeps to itself why a batch did not compile. -#}
    {%- if model is defined and model.get('batch') -%}
        {%- do log('Error in model ' ~ model.name ~ ': ' ~ message, info=true) -%}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(message) -%}
{%- endmacro %}

{#- Whether `value` itself is nothing that JSON knows: a date that YAML made of an unquoted one. -#}
{% macro _assay_is_odd(value) -%}
    {%- do return(not (value is none or value is string or value is number or value is iterable)) -%}
{%- endmacro %}

{#- Whether `value` or anything in it is nothing that JSON knows. -#}
{% macro _assay_holds_odd(value) -%}
    {%- set parts = value.keys() | list + value.values() | list if value is mapping else value -%}
    {%- for part in (parts if parts is iterable and parts is not string else []) -%}
        {%- if assay._assay_holds_odd(part) -%}
            {%- do return(true) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(assay._assay_is_odd(value)) -%}
{%- endmacro %}

{#- `value` with all that JSON does not know as text, so that it can be shown. -#}
{% macro _assay_shown(value) -%}
    {%- if value is mapping -%}
        {%- set shown = {} -%}
        {%- for key, one in value.items() -%}
            {%- do shown.update({(key | string if assay._assay_is_odd(key) else key): assay._assay_shown(one)}) -%}
        {%- endfor -%}
        {%- do return(shown) -%}
    {%- elif value is iterable and value is not string -%}
        {%- set shown = [] -%}
        {%- for one in value -%}
            {%- do shown.append(assay._assay_shown(one)) -%}
        {%- endfor -%}
        {%- do return(shown) -%}
    {%- endif -%}
    {%- do return(value | string if assay._assay_is_odd(value) else value) -%}
{%- endmacro %}

{#- `value` if it is true or false. -#}
{% macro _assay_flag(macro, argument, value) -%}
    {%- if value is not boolean -%}
        {%- do assay._assay_error(macro, argument, value, 'give true or false') -%}
    {%- endif -%}
    {%- do return(value) -%}
{%- endmacro %}

{#- `value` if it is a list of different, non-blank texts; lower and upper case are not different. -#}
{% macro _assay_names(macro, argument, value) -%}
    {%- set seen = [] -%}
    {%- set is_list = value is iterable and value is not string and value is not mapping -%}
    {%- for name in (value if is_list else []) -%}
        {%- if name is not string or not name | trim -%}
            {%- do assay._assay_error(
                macro, argument, name, 'every entry must be text that is not blank; quote dates and numbers'
            ) -%}
        {%- elif name | trim | lower in seen -%}
            {%- do assay._assay_error(macro, argument, name, 'it is there twice') -%}
        {%- endif -%}
        {%- do seen.append(name | trim | lower) -%}
    {%- endfor -%}
    {%- if not seen -%}
        {%- do assay._assay_error(macro, argument, value, 'give a list with at least one entry') -%}
    {%- endif -%}
    {%- do return(value | list) -%}
{%- endmacro %}

{#- Labels as a list of {name, description}, from a list, a mapping or the name of a set. -#}
{% macro _assay_labels(macro, labels) -%}
    {%- set argument = 'labels' -%}
    {%- if labels is string -%}
        {%- set argument = 'labels: ' ~ labels -%}
        {%- set labels = assay._assay_set(macro, 'ai_labels', assay._assay_label_sets(macro), labels) -%}
    {%- endif -%}
    {%- set names = assay._assay_names(macro, argument, labels.keys() | list if labels is mapping else labels) -%}
    {%- set found = [] -%}
    {%- for name in names -%}
        {%- set description = labels[name] if labels is mapping else none -%}
        {%- if description is not none and description is not string -%}
            {%- do assay._assay_error(macro, argument, description, 'a description must be text') -%}
        {%- endif -%}
        {%- do found.append({'name': name, 'description': description}) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Rules as a list of {column, text}, from a list of texts, a mapping by column, or none. -#}
{% macro _assay_rules(macro, rules) -%}
    {%- set found = [] -%}
    {%- if rules is mapping -%}
        {%- for column, rule in rules.items() -%}
            {%- set name = assay._assay_path(column)[-1] if column is string else column -%}
            {%- do found.append({'column': name, 'text': rule}) -%}
        {%- endfor -%}
    {%- elif rules is not none -%}
        {%- for rule in assay._assay_names(macro, 'rules', rules) -%}
            {%- do found.append({'column': none, 'text': rule}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for rule in found if rule.text is not string -%}
        {%- do assay._assay_error(macro, 'rules', rule.text, 'a rule must be text') -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- The arguments that all functions share, checked. -#}
{% macro _assay_common(macro, instructions, examples, model, isolate, redact=none) -%}
    {%- for name, value in {'instructions': instructions, 'model': model}.items() -%}
        {%- if value is not none and (value is not string or not value | trim) -%}
            {%- do assay._assay_error(macro, name, value, 'give text, or leave it out') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set argument = 'examples' -%}
    {%- if examples is string -%}
        {%- set argument = 'examples: ' ~ examples -%}
        {%- set examples = assay._assay_set(
            macro, 'ai_examples', assay._assay_example_sets(macro), examples
        ) -%}
    {%- endif -%}
    {%- set wrong = 'give a list of mappings, each with a text and an answer' -%}
    {%- if examples is mapping or (examples is not none and examples is not iterable) -%}
        {%- do assay._assay_error(macro, argument, examples, wrong) -%}
    {%- endif -%}
    {%- for example in examples or [] -%}
        {%- if example is not mapping or example.keys() | sort != ['answer', 'text']
            or example['text'] is not string -%}
            {%- do assay._assay_error(macro, argument, example, wrong) -%}
        {%- elif assay._assay_holds_odd(example['answer']) -%}
            {%- do assay._assay_error(
                macro, argument, example, 'an answer holds a date or the like that YAML made; quote it'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set common = {
        'instructions': instructions, 'examples': examples or [], 'model': model,
        'isolate': assay._assay_flag(macro, 'isolate', isolate)
    } -%}
    {%- if redact is not none -%}
        {%- do common.update({'redact': assay._assay_names(macro, 'redact', redact)}) -%}
    {%- endif -%}
    {%- do return(common) -%}
{%- endmacro %}

{#- Stop at a name in braces in a prompt that is no column of `text`; of double braces nothing is asked. -#}
{% macro _assay_check_places(macro, prompt, text) -%}
    {%- set columns = [] -%}
    {%- for name in (text if text is iterable and text is not string and text is not mapping else []) if name is string -%}
        {%- do columns.append(assay._assay_path(name)[-1]) -%}
    {%- endfor -%}
    {%- set known = columns | map('lower') | list -%}
    {%- for place in modules.re.findall('(?<!\\{)\\{([^{}]+)\\}(?!\\})', prompt) if place | lower not in known -%}
        {%- do assay._assay_error(
            macro, 'prompt', '{' ~ place ~ '}',
            'a name in braces is a column of `text`; '
            ~ ('there are: ' ~ columns | join(', ') if columns else "give `text` as a list of columns, such as ['body']")
            ~ '; double the braces for text in braces'
        ) -%}
    {%- endfor -%}
{%- endmacro %}
