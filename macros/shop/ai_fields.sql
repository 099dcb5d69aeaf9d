{#- The shop's field sets: `ai_extract('customer_notes', 'interests')` finds the fields of `interests`. -#}
{% macro ai_fields() %}
interests:
  activities:
    type: [text]
    description: hobbies, sports and activities that the customer likes
  products:
    type: [text]
    description: products and gear that the customer owns or wants
feedback_details:
  order_number:
    type: text
    description: the number of the order, such as TT-123456
  desired_outcome:
    type: [refund, replacement, repair, information, apology]
    description: what the customer wants the shop to do
{% endmacro %}
