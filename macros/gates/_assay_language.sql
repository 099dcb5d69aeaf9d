{#-
    The language of a text as far as cheap means can tell, NULL where they cannot. By script:
    Cyrl, Grek, Arab, Hebr, Hani (Chinese and Japanese are not told apart), Hang, Thai, Deva, when
    more than half of the letters are of it. By stop words for Latin script: en, de, fr, es, it,
    pt, nl, pl, when at least two, and a tenth of all words, are stop words of it, and twice as
    many as of any other. Only the first 1,000 characters are looked at. Anything else, short texts
    above all, is unknown.
-#}
{% macro _assay_language(text) -%}
    list_transform([{{ assay._assay_spaced_words(text) }}], lambda spaced: coalesce(
        case
        {%- for tag, class in assay._assay_scripts().items() %}
            when len(regexp_extract_all(spaced, '{{ class }}')) * 2 > len(replace(spaced, ' ', '')) then '{{ tag }}'
        {%- endfor %}
        end,
        list_transform([list_reverse_sort([
        {%- for tag, stop_words in assay._assay_stop_words().items() %}
            row(len(regexp_extract_all(spaced, ' ({{ stop_words | replace(' ', '|') }}) ')), '{{ tag }}'){{ ',' if not loop.last }}
        {%- endfor %}
        ])], lambda ranked: case
            when ranked[1][1] >= 2 and ranked[1][1] >= 2 * ranked[2][1]
                and ranked[1][1] * 20 >= len(spaced) - len(replace(spaced, ' ', ''))
                then ranked[1][2]
        end)[1]
    ))[1]
{%- endmacro %}

{#- The first words, with two blanks around each, so that neighbours are matched on their own. -#}
{% macro _assay_spaced_words(text) -%}
    replace({{ assay._assay_words('left(cast(' ~ text ~ ' as varchar), 1000)') }}, ' ', '  ')
{%- endmacro %}

{#- The tag under which `_assay_language` knows a language code; none for anything else. -#}
{% macro _assay_language_tag(code) -%}
    {%- set scripts = {
        'ru': 'Cyrl', 'uk': 'Cyrl', 'bg': 'Cyrl', 'sr': 'Cyrl', 'el': 'Grek', 'ar': 'Arab',
        'fa': 'Arab', 'ur': 'Arab', 'he': 'Hebr', 'zh': 'Hani', 'ja': 'Hani', 'ko': 'Hang',
        'th': 'Thai', 'hi': 'Deva', 'mr': 'Deva', 'ne': 'Deva'
    } -%}
    {%- do return(code if code in assay._assay_stop_words() else scripts.get(code)) -%}
{%- endmacro %}

{#- Scripts that say something about the language. -#}
{% macro _assay_scripts() -%}
    {%- do return({
        'Cyrl': '\\p{Cyrillic}', 'Grek': '\\p{Greek}', 'Arab': '\\p{Arabic}', 'Hebr': '\\p{Hebrew}',
        'Hani': '[\\p{Han}\\p{Hiragana}\\p{Katakana}]', 'Hang': '\\p{Hangul}', 'Thai': '\\p{Thai}',
        'Deva': '\\p{Devanagari}'
    }) -%}
{%- endmacro %}

{#- The commonest words of each language; words of several languages count for each of them. -#}
{% macro _assay_stop_words() -%}
    {%- do return({
        'en': 'the and of is are was were with for that this it you your not have has had from they we which would will be been but an on in to at as by or my so if when there our their can all',
        'de': 'der die das und ist nicht ein eine einen einem einer mit für auf ich sie wir er auch dem den des im zu zum zur von sich bei aus nach wie was aber oder wenn habe haben hat wird sind war sehr kann mir mich es in nur noch so man',
        'fr': 'le la les des est une un et pas pour dans que qui avec sur je vous nous mais ce cette très au aux sont été plus ai il elle du de en mon ma ne se on ou par',
        'es': 'el la los las una un que en por con para no es se del muy pero está esta este mi lo como más son todo de al me ha he su si sin le',
        'it': 'il lo la gli le della di che è non una un per con sono ma anche molto questo questa nel alla dei delle mi si più ho ha da del al come in',
        'pt': 'os uma um não que com para do da dos das em é muito mas foi está este esta isso ao pelo na no se por de meu minha',
        'nl': 'de het een en van ik niet is dat met voor zijn maar ook op aan heb wij we ze er bij nog naar wel geen deze dit om uit te in mijn was je als',
        'pl': 'nie się na jest że do to jak ale od po są był była mam co czy tylko już bardzo przez za ze tym dla'
    }) -%}
{%- endmacro %}
