select
    customers.customer_id,
    customers.full_name,
    list(topics.topic.value order by topics.ticket_id) filter (where topics.topic.status = 'ok') as topics

from {{ ref('stg_customers') }} as customers
left join {{ ref('ticket_topics') }} as topics on customers.customer_id = topics.customer_id
group by 1, 2
