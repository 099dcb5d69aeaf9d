{#-
    Answers that are worse than they must be, or worse than they were. `golden` has the right
    answer, the expression `label`, for each `key`; `value` is the expression of the answer.
    A golden row without an answer is wrong. Where answers have a confidence, its mean and the
    expected calibration error are kept beside the rest.

    `kind: label`: accuracy, macro-F1, recall of each label. `kind: sentiment`: the same, for a
    score against positive, negative, neutral, unknown. `kind: extract`: the share of rows whose
    values are exactly those of gold, case and blanks aside, and the F1 of their words; NULL means
    that there is nothing to find. `judged` says of which golden rows, for the others say nothing.

    A fall: the same golden rows, right then and wrong now against the other way round, by the
    exact test of McNemar, two-sided, under `alpha`. Then is the last evaluation that passed
    (`against: first`: the first that did), out of the store; or the answers of the relation
    `baseline`, of the same columns. One run with `alpha: null` accepts a fall.

    Q. McNemar, Psychometrika 12 (1947), 153-157; exact: F. Mosteller, Biometrics 8 (1952),
    220-226. Intervals of shares: E. B. Wilson, JASA 22 (1927), 209-212; of F1: percentile
    bootstrap, B. Efron, Annals of Statistics 7 (1979), 1-26. F1 of words: P. Rajpurkar et al.,
    SQuAD, EMNLP 2016. udfs/assay/project/evaluation/accuracy.py computes them.
-#}
{% test ai_accuracy(
    model, column_name, golden, key, label, kind='label', judged=none, value=none, envelope=true,
    baseline=none, against='last', alpha=0.05, min_accuracy=none, min_macro_f1=none,
    min_recall=none, min_token_f1=none, min_rows=20, min_label_rows=10, record=true
) %}

{%- set of_labels = min_macro_f1 is not none or min_recall is not none %}
{%- if kind not in ['label', 'sentiment', 'extract'] %}
    {%- do assay._assay_error('ai_accuracy', 'kind', kind, 'give label, sentiment or extract') %}
{%- elif against not in ['last', 'first'] %}
    {%- do assay._assay_error('ai_accuracy', 'against', against, 'give last or first') %}
{%- elif kind == 'extract' and of_labels %}
    {%- do assay._assay_error(
        'ai_accuracy', 'kind', kind, 'extract has no labels; give min_accuracy or min_token_f1'
    ) %}
{%- elif kind != 'extract' and min_token_f1 is not none %}
    {%- do assay._assay_error('ai_accuracy', 'kind', kind, 'min_token_f1 goes with extract') %}
{%- endif %}
{%- set answer = value or (column_name ~ '.value' if envelope else column_name) %}
{%- set test = {
    'invocation_id': invocation_id, 'model_name': assay._assay_tested_name(model),
    'column_name': answer, 'golden': assay._assay_tested_name(golden), 'kind': kind,
    'against': against, 'alpha': alpha, 'min_rows': min_rows, 'min_accuracy': min_accuracy,
    'min_macro_f1': min_macro_f1, 'min_token_f1': min_token_f1, 'min_recall': min_recall,
    'min_label_rows': min_label_rows, 'record': record
} %}

with

golden_rows as (

    select
        cast({{ key }} as varchar) as golden_key,
        {{ label }} as gold

    from {{ golden }}
    where {{ '(' ~ judged ~ ')' if judged is not none else 'true' }}
    {%- if kind != 'extract' %}
        and {{ label }} is not null
    {%- endif %}

),

answers as (

    select
        cast({{ key }} as varchar) as golden_key,
        {{ answer }} as answer,
        {%- if envelope %}
        coalesce({{ column_name }}.status = 'ok', false) as answered,
        coalesce({{ column_name }}.prompt_hash, '') as prompt_hash,
        coalesce({{ column_name }}.model, '') as model_name,
        {# by way of JSON: an envelope that somebody made by hand may lack it #}
        cast(to_json({{ column_name }}) ->> '$.confidence' as double) as confidence
        {%- else %}
        {{ 'true' if kind == 'extract' else answer ~ ' is not null' }} as answered,
        '' as prompt_hash,
        '' as model_name,
        null::double as confidence
        {%- endif %}

    from {{ model }}

),

{%- if baseline is not none %}

answers_before as (

    select
        cast({{ key }} as varchar) as golden_key,
        {{ answer }} as answer,
        {%- if envelope %}
        coalesce({{ column_name }}.status = 'ok', false) as answered
        {%- else %}
        {{ 'true' if kind == 'extract' else answer ~ ' is not null' }} as answered
        {%- endif %}

    from {{ baseline }}

),

{%- endif %}

paired as (

    select
        struct_pack(
            "key" := golden_rows.golden_key,
            gold := golden_rows.gold,
            answer := answers.answer,
            answered := coalesce(answers.answered, false),
            prompt_hash := coalesce(answers.prompt_hash, ''),
            model := coalesce(answers.model_name, ''),
            confidence := answers.confidence
            {%- if baseline is not none %},
            "before" := answers_before.answer,
            before_answered := coalesce(answers_before.answered, false)
            {%- endif %}
        ) as golden_row

    from golden_rows
    left join answers on golden_rows.golden_key = answers.golden_key
    {%- if baseline is not none %}
    left join answers_before on golden_rows.golden_key = answers_before.golden_key
    {%- endif %}

),

graded as (

    select
        assay_grade(
            {{ assay._assay_literal(test | tojson) }},
            cast(to_json(list(golden_row order by golden_row."key")) as varchar)
        ) as problems

    from paired

),

validation_errors as (

    select unnest(from_json(problems, '["varchar"]')) as problem from graded

)

select * from validation_errors

{% endtest %}
