{#- What one sees of a text, for comparing: NFC, lower case, no blanks, no invisible characters. -#}
{% macro _assay_visible(text) -%}
    lower(nfc_normalize(regexp_replace(cast({{ text }} as varchar), '[\p{Cc}\p{Cf}\p{Zs}\x{FE00}-\x{FE0F}]', '', 'g')))
{%- endmacro %}

{#- The words of a text in lower case, with one blank around each and nothing but letters. -#}
{% macro _assay_words(text) -%}
    concat(' ', regexp_replace(lower(nfc_normalize(cast({{ text }} as varchar))), '[^\p{L}]+', ' ', 'g'), ' ')
{%- endmacro %}
