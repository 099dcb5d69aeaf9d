{# What the gate of silver looks at: how many are left on each step of the way. #}
with

routed as (

    select
        count(*) as businesses,
        count(*) filter (where route = 'kitchen') as kitchens

    from {{ ref('silver_routed') }}

),

verified as (

    select
        count(*) filter (where found.status = 'ok') as verified,
        count(*) filter (where found.status = 'unclear') as unclear

    from {{ ref('silver_verified_passed') }}

),

matched as (

    select
        count(*) as places_to_eat,
        count(place_id) as matched

    from {{ ref('silver_matched') }}

)

select
    routed.businesses,
    routed.kitchens,
    verified.verified,
    verified.unclear,
    matched.places_to_eat,
    matched.matched,
    verified.verified / routed.kitchens as verified_share,
    matched.matched / matched.places_to_eat as matched_share

from routed
cross join verified
cross join matched
