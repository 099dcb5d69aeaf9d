{#- The cluster of every row: which rows are the same thing, from pairs that were matched. See docs/functions.md. -#}
{% macro ai_dedup(relation, key, pairs, outcome='outcome', most_rows=20) -%}
    {%- for name, value in {'key': key, 'outcome': outcome}.items() -%}
        {%- if value is not string or not value | trim -%}
            {%- do assay._assay_error('ai_dedup', name, value, 'name a column') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if most_rows is not integer or most_rows is boolean or most_rows < 2 -%}
        {%- do assay._assay_error('ai_dedup', 'most_rows', most_rows, 'give a whole number of at least 2') -%}
    {%- endif -%}
with recursive

judged as (

    select key_a, key_b, {{ assay._assay_column(outcome) }} as judgement from {{ pairs }}

),

edges as (

    select key_a as own, key_b as other from judged where judgement = 'matched'
    union all
    select key_b as own, key_a as other from judged where judgement = 'matched'

),

{# Each row takes the smallest key that it hears of, until none hears of a smaller one. -#}
components(own, component) using key (own) as (

    select {{ assay._assay_column(key) }} as own, {{ assay._assay_column(key) }} as component
    from {{ relation }}

    union

    (
        select edges.own, min(changed.component)
        from components as changed
        inner join edges on changed.own = edges.other
        inner join recurring.components as known on edges.own = known.own
        where changed.component < known.component
        group by edges.own
    )

),

sizes as (

    select component, count(*) as component_rows from components group by component

),

{# What a pair says against the component of one of its rows. -#}
doubts as (

    select a.component, 'contradicted' as doubt
    from judged
    inner join components as a on judged.key_a = a.own
    inner join components as b on judged.key_b = b.own
    where judged.judgement = 'no_match' and a.component = b.component

    union all

    select components.component, 'unanswered' as doubt
    from judged
    inner join components on judged.key_a = components.own or judged.key_b = components.own
    where judged.judgement is null

    union all

    select component, 'too_many_rows' as doubt from sizes where component_rows > {{ most_rows }}

),

doubted as (

    select component, list_sort(list_distinct(list(doubt))) as doubts from doubts group by component

),

clustered as (

    select
        components.own as {{ assay._assay_identifier(assay._assay_path(key)[-1]) }},
        case when doubted.component is null then components.component end as cluster_id,
        components.component as component_id,
        sizes.component_rows,
        coalesce(doubted.doubts, []) as doubts

    from components
    inner join sizes on components.component = sizes.component
    left join doubted on components.component = doubted.component

)

select * from clustered
{%- endmacro %}
