{#-
    The words of a name, each between blanks: letters and digits of any script, small. So a name
    holds a brand as whole words where `contains(words of the name, words of the brand)`:
    "THE BUNZILLA #12" holds "Bunzilla", "Bunzillas" does not.
-#}
{% macro name_words(name) -%}
' ' || array_to_string(regexp_extract_all(lower(nfc_normalize(replace({{ name }}, '''', ''))), '[\p{L}\p{M}\p{N}]+'), ' ') || ' '
{%- endmacro %}
