{#-
    CTEs that reduce many texts to one, level by level: `levels` has a row for each part that was
    asked about, with `answer`, the envelope of `call`, a macro's call about the column `text`.
    `items` names a relation of `of` (whose texts they are), `place` (a whole number below 2 ** 32
    that orders them), `covered` (the rows that a text stands for) and `text`. A part is the largest
    aligned block of places whose texts have at most `part_tokens`, or two texts: so what is added
    changes the part that it falls into, and those above it.
-#}
{% macro _assay_levels(items, call, part_tokens) -%}
levels as (

    select
        of,
        0 as level,
        place,
        covered,
        text,
        cast(null as {{ assay._assay_envelope_type('varchar') }}) as answer

    from {{ items }}

    union all

    select
        of,
        level,
        place,
        covered,
        text,
        {{ call }} as answer

    from (

        with

        {# A level is done with where a part is still to come, and where one answer is left. -#}
        texts as (

            select
                of,
                level,
                place,
                covered,
                case when level = 0 then text else answer.value end as text

            from levels
            qualify
                level = 0
                or (
                    count(*) filter (where answer.status = 'ok') over (partition by of) > 1
                    and not bool_or({{ assay._assay_is_to_come('answer') }}) over (partition by of)
                )

        ),

        blocks as (

            select texts.*, shift, place >> shift as block
            from texts, range(33) as shifts(shift)
            where text is not null

        ),

        fitting as (

            select of, shift, block
            from blocks
            group by of, shift, block
            having sum(strlen(text) // 4 + 1) <= {{ part_tokens }} or count(*) <= 2 or shift = 0

        ),

        placed as (

            select of, level, place, covered, text, max(shift) as shift
            from blocks
            inner join fitting using (of, shift, block)
            group by of, level, place, covered, text

        )

        select
            of,
            level + 1 as level,
            min(place) as place,
            cast(sum(covered) as bigint) as covered,
            string_agg(text, chr(10) || chr(10) order by place, text) as text

        from placed
        group by of, level, shift, place >> shift

    )

)
{%- endmacro %}

{#- Whether an envelope says that its answer may still come: what is above it has to wait. -#}
{% macro _assay_is_to_come(answer) -%}
    {{ answer }}.status in ('pending', 'not_attempted', 'transport', 'quota', 'config')
{%- endmacro %}
