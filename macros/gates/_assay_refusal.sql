{#-
    The phrase with which a text refuses to answer, as words (see `_assay_words`); blank if there
    is none. The phrases are those of assistants, not those of customers: "I cannot log in" is no
    refusal, "I cannot help with that" and "As an AI" are. What it cannot tell: a refusal in other
    words or languages, and a person who says of herself that she cannot help.
-#}
{% macro _assay_refusal(text) -%}
    regexp_extract({{ assay._assay_words(text) }}, '{{ assay._assay_refusal_phrases() | join("|") }}')
{%- endmacro %}

{#- Regular expressions over words; apostrophes are blanks by then: "can't" is "can t". -#}
{% macro _assay_refusal_phrases() -%}
    {%- set it = '(help|assist|comply|fulfil|fulfill|answer|respond|provide|process|summari[sz]e|complete|support|engage|generate|create|translate|classify|discuss)' -%}
    {%- do return([
        ' i (cannot|can not|can t|am unable to|m unable to|am not able to|m not able to|won t|will not|won t be able to) ' ~ it ~ ' (you |with |your |that |this |the |to |a |any |on |such |in |it )',
        ' i (m|am) sorry (but )?(i|as an|i m|this|that|the text|your) (can|cannot|ai|not|unable|request|content|am)',
        ' (as|i am|i m) (an|a) (ai|large language model|language model|artificial intelligence)( |$)',
        ' (unable|not able) to (comply|assist|fulfil|fulfill) (with|your)',
        ' ich kann (ihnen |dir |dabei |ihre |deine |diese |diesen |dieses |das |den |hierbei |leider )+([\\p{L}]+ ){0,4}(nicht|keine) (helfen|weiterhelfen|beantworten|zusammenfassen|bearbeiten|erfüllen|behilflich)',
        ' (es )?tut mir leid (aber )?(ich kann|das kann ich|dabei kann ich|als ki|diese anfrage)',
        ' als (ki|künstliche intelligenz|sprachmodell|ki modell|ki assistent|großes sprachmodell)( |$)',
        ' (je suis )?(désolé|désolée) (mais )?je ne (peux|suis)',
        ' je ne (peux|suis) pas (en mesure )?(de )?(vous )?(aider|répondre|traiter|résumer|assister|fournir)',
        ' en tant qu (ia|intelligence artificielle|assistant|modèle de langage)( |$)',
        ' lo siento (pero )?(no puedo|como|no me es)',
        ' no puedo (ayudar|ayudarte|ayudarle|responder|resumir|procesar|cumplir|proporcionar|asistir)',
        ' como (una )?(ia|inteligencia artificial|modelo de lenguaje)( |$)',
        ' mi dispiace (ma )?non posso', ' non posso (aiutar|rispondere|riassumere|elaborare|fornire|assister)',
        ' (in quanto|come) (ia|intelligenza artificiale|modello linguistico)( |$)',
        ' (desculpe|desculpa|sinto muito|lamento) (mas )?não posso', ' não posso (ajudar|responder|resumir|processar|fornecer)',
        ' (sorry|het spijt me) (maar )?(ik kan|dat kan ik)', ' ik kan (je |u |jou |daar |hier |dit |deze )+([\\p{L}]+ ){0,3}niet (mee )?(helpen|beantwoorden|samenvatten|verwerken)',
        ' als (ai|taalmodel|ai model|ai assistent)( |$)',
        ' (przepraszam|przykro mi) (ale )?nie mogę', ' nie mogę (pomóc|odpowiedzieć|podsumować|przetworzyć|spełnić)',
        ' jako (model językowy|sztuczna inteligencja|ai)( |$)',
        ' (извините|простите) (но )?я не могу', ' я не могу (помочь|ответить|выполнить)',
        '(我|抱歉)[\\p{Han} ]{0,6}(无法|不能)[\\p{Han} ]{0,4}(帮|协助|提供|回答|满足)',
        '(申し訳|すみません|恐れ入りますが)[\\p{Han}\\p{Hiragana}\\p{Katakana} ]{0,30}(できません|できかねます|お答え|お手伝い)'
    ]) -%}
{%- endmacro %}
