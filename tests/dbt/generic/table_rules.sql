{#-
    What holds for every row of a table, in one query: columns that are never NULL, keys (a column,
    or a list of columns that are unique together), columns with accepted values, and expressions
    that are true. A row for each rule that is broken, with the column and how many rows break it
    (of a key: how many values are there more than once).
-#}
{% test table_rules(model, not_null=[], unique=[], accepted_values={}, expressions=[]) %}

{%- set counts = [] %}
{%- for column in not_null %}
    {%- do counts.append(['not_null', column, column ~ ' is null']) %}
{%- endfor %}
{%- for column, values in accepted_values.items() %}
    {%- set accepted = [] %}
    {%- for value in values %}
        {%- do accepted.append(assay._assay_quoted(value) if value is string else value) %}
    {%- endfor %}
    {%- do counts.append(['accepted_values', column, column ~ ' not in (' ~ accepted | join(', ') ~ ')']) %}
{%- endfor %}
{%- for expression in expressions %}
    {%- do counts.append(['expression_is_true', expression, '(' ~ expression ~ ') is not true']) %}
{%- endfor %}
{%- if not counts and not unique %}
    {%- do assay._assay_error('table_rules', 'arguments', none, 'name a rule: not_null, unique, accepted_values or expressions') %}
{%- endif %}

with

tested as (

    select * from {{ model }}

),

counted as (
    {% for rule, subject, broken in counts %}
    select
        {{ assay._assay_quoted(rule) }} as rule,
        {{ assay._assay_quoted(subject) }} as subject,
        count(*) filter (where {{ broken }}) as row_count
    from tested
    {{ 'union all' if not loop.last or unique }}
    {%- endfor %}
    {%- for key in unique %}
    {%- set columns = [key] if key is string else key %}
    select
        {{ "'unique'" if key is string else "'unique_together'" }} as rule,
        {{ assay._assay_quoted(columns | join(', ')) }} as subject,
        count(*) as row_count
    from (
        select {{ columns | join(', ') }} from tested
        {{ 'where ' ~ key ~ ' is not null' if key is string }}
        group by all
        having count(*) > 1
    )
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

validation_errors as (

    select * from counted
    where row_count > 0

)

select * from validation_errors

{% endtest %}
