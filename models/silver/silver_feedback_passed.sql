{#- With the golden labels upstream, the test that compares with them stops gold as well. -#}
-- depends_on: {{ ref('bronze_shop__golden_feedback') }}
{{ row_gate(ref('silver_feedback')) }}
