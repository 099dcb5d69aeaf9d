{#-
    Every single check of a row gate as {rule_id, column, violated, reason}, the last two in SQL.
    Reasons name columns, limits and types, never the value: they end up in summaries and logs.
-#}
{% macro _assay_row_checks(wanted, catalogue) -%}
    {%- set rules = {
        'quality_score_low': assay._assay_quality_checks, 'required_missing': assay._assay_required_checks,
        'type_wrong': assay._assay_type_checks, 'label_not_accepted': assay._assay_label_checks,
        'value_not_in_source': assay._assay_grounded_checks, 'refusal_text': assay._assay_refusal_checks,
        'language_other': assay._assay_language_checks, 'not_answered': assay._assay_answer_checks
    } -%}
    {%- set parameters = assay._assay_rule_parameters() -%}
    {%- set found = [] -%}
    {%- for rule_id, checks in rules.items() if rule_id in wanted.get('rules', []) -%}
        {%- if wanted.get(parameters[rule_id]) -%}
            {%- for check in checks(wanted, catalogue) -%}
                {%- do check.update({'rule_id': rule_id}) -%}
                {%- do found.append(check) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for rule_id, condition in wanted.get('conditions', {}).items() -%}
        {%- do found.append({
            'rule_id': rule_id,
            'column': condition.get('column', ''),
            'violated': '(' ~ condition.holds ~ ') is not true',
            'reason': assay._assay_quoted(condition.reason)
        }) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- A score that is not at or above the limit, be it that score or limit is not known. -#}
{% macro _assay_quality_checks(wanted, catalogue) -%}
    {%- set answer = wanted.quality -%}
    {%- set limit = wanted.get('quality_score_below') -%}
    {%- if limit is none -%}
        {%- set limit -%}
            (select max(default_threshold) from {{ catalogue }} where rule_id = 'quality_score_low')
        {%- endset -%}
    {%- endif -%}
    {%- set score = answer ~ '.value.quality_score' -%}
    {%- do return([{
        'column': answer,
        'violated': answer ~ ".status = 'ok' and (" ~ score ~ ' >= ' ~ limit ~ ') is not true',
        'reason': "concat('the quality score ', " ~ score ~ ", ' is under ', " ~ limit ~ ')'
    }]) -%}
{%- endmacro %}

{#- A field that is NULL or blank, or that the assessment of the row names as missing. -#}
{% macro _assay_required_checks(wanted, catalogue) -%}
    {%- set found = [] -%}
    {%- for name in assay._assay_names('ai_row_gate', 'required', wanted.required) -%}
        {%- set value = assay._assay_gated_value(wanted, name) -%}
        {%- set blank = 'coalesce(' ~ assay._assay_visible(value) ~ ", '') = ''" -%}
        {%- set said = 'list_contains(' ~ wanted.quality ~ '.value.missing_fields, '
            ~ assay._assay_quoted(name) ~ ')' if wanted.get('quality') else 'false' -%}
        {%- do found.append({
            'column': name,
            'violated': '(' ~ blank ~ ' or ' ~ said ~ ')',
            'reason': assay._assay_quoted('the required field ' ~ name ~ ' is missing')
        }) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Texts that are not blank and cannot be read as their type. -#}
{% macro _assay_type_checks(wanted, catalogue) -%}
    {%- set casts = {
        'integer': 'bigint', 'number': 'double', 'boolean': 'boolean', 'date': 'date',
        'timestamp': 'timestamp'
    } -%}
    {%- set found = [] -%}
    {%- for name, type in wanted.types.items() -%}
        {%- if type not in casts -%}
            {%- do assay._assay_error(
                'ai_row_gate', name, type, 'a type to read is one of ' ~ casts | join(', ')
            ) -%}
        {%- endif -%}
        {%- set value = 'trim(' ~ assay._assay_gated_value(wanted, name) ~ ')' -%}
        {%- set read = 'try_cast(' ~ value ~ ' as ' ~ casts[type] ~ ')' -%}
        {#- DuckDB reads '1.5' as the integer 2, and 'nan' as a number. -#}
        {%- set right = {
            'integer': "regexp_full_match(" ~ value ~ ", '[+-]?[0-9]+') and " ~ read ~ ' is not null',
            'number': 'isfinite(' ~ read ~ ')'
        }.get(type, read ~ ' is not null') -%}
        {%- do found.append({
            'column': name,
            'violated': value ~ " <> '' and (" ~ right ~ ') is not true',
            'reason': assay._assay_quoted(name ~ ' cannot be read as ' ~ type)
        }) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Labels, or lists of labels, that were not offered. -#}
{% macro _assay_label_checks(wanted, catalogue) -%}
    {%- set found = [] -%}
    {%- for name, labels in wanted.labels.items() -%}
        {%- set accepted = [] -%}
        {%- for label in assay._assay_labels('ai_row_gate', labels) -%}
            {%- do accepted.append(assay._assay_quoted(label.name)) -%}
        {%- endfor -%}
        {%- do found.append({
            'column': name,
            'violated': assay._assay_any_value(
                wanted, name, 'not list_contains([' ~ accepted | join(', ') ~ '], one_value)'
            ),
            'reason': assay._assay_quoted(name ~ ' is not one of the accepted labels')
        }) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Texts, or lists of texts, that do not stand in their source, or hold nothing visible. -#}
{% macro _assay_grounded_checks(wanted, catalogue) -%}
    {%- set found = [] -%}
    {%- for name, source in wanted.grounded.items() -%}
        {%- set value = assay._assay_visible('one_value') -%}
        {%- do found.append({
            'column': name,
            'violated': assay._assay_any_value(
                wanted, name,
                '(' ~ value ~ " <> '' and contains(" ~ assay._assay_visible(source) ~ ', ' ~ value
                ~ ')) is not true'
            ),
            'reason': assay._assay_quoted(name ~ ' does not stand in ' ~ source)
        }) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Refusals in the model's own words: a phrase that the source holds as well is the source's. -#}
{% macro _assay_refusal_checks(wanted, catalogue) -%}
    {%- set texts = wanted.texts -%}
    {%- set found = [] -%}
    {%- for name in texts -%}
        {%- set source = texts[name] if texts is mapping else 'null' -%}
        {%- set phrase = assay._assay_refusal('one_value') -%}
        {%- do found.append({
            'column': name,
            'violated': assay._assay_any_value(
                wanted, name,
                phrase ~ " <> '' and contains(" ~ assay._assay_words(source) ~ ', ' ~ phrase ~ ') is not true'
            ),
            'reason': assay._assay_quoted(name ~ ' is a refusal, not an answer')
        }) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Texts whose language is known and is another than the one asked, if that is known as well. -#}
{% macro _assay_language_checks(wanted, catalogue) -%}
    {%- set found = [] -%}
    {%- for name, asked in wanted.languages.items() -%}
        {%- set expected = assay._assay_language_tag(asked) -%}
        {%- set expected = assay._assay_quoted(expected) if expected else assay._assay_language(asked) -%}
        {%- do found.append({
            'column': name,
            'violated': assay._assay_language(assay._assay_gated_value(wanted, name)) ~ ' <> ' ~ expected,
            'reason': assay._assay_quoted(name ~ ' is in another language than asked (' ~ asked ~ ')')
        }) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- Envelopes that hold no answer although there was something to ask, and who was asked could
    have judged it. -#}
{% macro _assay_answer_checks(wanted, catalogue) -%}
    {%- set found = [] -%}
    {%- for name in assay._assay_names('ai_row_gate', 'answers', wanted.answers) -%}
        {%- do found.append({
            'column': name,
            'violated': '(' ~ name ~ ".status in ('ok', 'skipped', 'unsupported', 'unclear')) is not true",
            'reason': assay._assay_quoted(name ~ ' has no answer')
        }) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro %}

{#- What a name of the settings stands for, as text: the value of an envelope, or what it holds. -#}
{% macro _assay_gated_value(wanted, name) -%}
    {%- if name in wanted.get('answers', []) -%}
        {%- do return('cast(' ~ name ~ '.value as varchar)') -%}
    {%- endif -%}
    {%- do return(
        '(case when ' ~ assay._assay_is_envelope(name) ~ ' then to_json(' ~ name ~ ") ->> 'value'"
        ~ ' else cast(' ~ name ~ ' as varchar) end)'
    ) -%}
{%- endmacro %}

{#- The same as JSON, in which a list is told from a text. -#}
{% macro _assay_gated_json(wanted, name) -%}
    {%- if name in wanted.get('answers', []) -%}
        {%- do return('to_json(' ~ name ~ '.value)') -%}
    {%- endif -%}
    {%- do return(
        '(case when ' ~ assay._assay_is_envelope(name) ~ ' then to_json(' ~ name ~ ") -> 'value'"
        ~ ' else to_json(' ~ name ~ ') end)'
    ) -%}
{%- endmacro %}

{#-
    Whether an expression is an answer with `detail=true`: a struct that begins with `value` and has
    a `status`. DuckDB knows types when it binds and folds this, so that no row pays for it.
-#}
{% macro _assay_is_envelope(expression) -%}
    regexp_matches(typeof({{ expression }}), '^STRUCT\("?value"? .*, "?status"? VARCHAR[,)]')
{%- endmacro %}

{#-
    Whether `condition` holds for `one_value`, be the column one value or a list of them. The way
    over JSON is what tells the two apart without knowing the type.
-#}
{% macro _assay_any_value(wanted, name, condition) -%}
    len(list_filter(
        coalesce(
            try_cast({{ assay._assay_gated_json(wanted, name) }} as varchar[]),
            [{{ assay._assay_gated_value(wanted, name) }}]
        ),
        lambda one_value: one_value is not null and {{ condition }}
    )) > 0
{%- endmacro %}
