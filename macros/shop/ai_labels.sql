{#- The shop's label sets: `ai_classify('body', 'topic')` asks for one of the labels of `topic`. -#}
{% macro ai_labels() %}
topic:
  delivery: where a parcel is, shipping and tracking; a delivery that is late, lost, incomplete or damaged, the courier
  returns_refunds: sending something back, an exchange, a refund, money back, a warranty claim
  product_quality: opinion on a product after use; how well it works, lasts or is made, whether it is warm, dry, light or strong; praise of it, defects, leaks, holes and wear
  sizing_fit: size, fit and comfort of clothing and shoes; too small, too big, narrow, wide
  product_advice: a question before buying about features, weight, compatibility, stock, use, washing or care
  order_payment: payment, card charged, price, invoices, vouchers and discount codes; changing or cancelling an order
  service: staff in the shop or on the phone, opening hours, workshop, how friendly or slow support was
  website_account: login, password, app, website errors, newsletter emails, deleting an account, privacy
  other: none of the others, such as spam, thanks, or text that makes no sense
segment:
  weekend_hiker: day walks, hikes and short trips on foot at weekends and on days off, home again soon, for pleasure
  alpinist: climber or mountaineer; rock climbing, ropes, ice, big walls, high summits, expeditions, technical gear
  family_camper: camps with children in the school holidays; campsites, family tents, sleeping bags, kids' boots and clothing
  bikepacker: long tours by bicycle, gravel and cycling with frame and saddle bags on the bike
  trade_buyer: buys in bulk with an invoice for a club, school, company, guides, hire or a shop; group orders for many people
  gift_shopper: buys presents for others, birthdays and Christmas, gift wrapping and vouchers; does not go outdoors
{% endmacro %}
