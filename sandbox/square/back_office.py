"""Square's tables of what lies behind the till: stock, team and payouts."""

from __future__ import annotations

# Built after the tables of sales, on which they rest.
STATEMENTS = (
    """create table square_movements as
    select m.*, l.location_id, square_id('variation', m.variant_id) as variation_id,
        square_id('movement', movement_id) as id, o.id as order_document_id,
        coalesce(l2.location_id, '') as other_location_id
    from truth.movements m join square_locations l using (place_id)
    left join square_all_orders o using (event_id)
    -- A transfer is told once, by the place that gives.
    left join square_locations l2 on m.kind = 'transfer' and l2.place_id <> m.place_id
        and l2.system = 'square'
    where l.system = 'square' and not (m.kind = 'transfer' and m.quantity > 0)
    order by movement_id""",
    """create table square_levels as
    select location_id, square_id('variation', variant_id) as variation_id, place_id, variant_id,
        happened_at, on_hand, movement_id
    from truth.movements join square_locations using (place_id) where system = 'square'
    order by place_id, variant_id, movement_id""",
    """create view square_staff as
    select s.*, square_id('team member', staff_id) as id, l.location_id,
        coalesce(left_at, hired_at) as updated_at, left_at is null as is_active
    from staff s join square_locations l using (place_id) where l.system = 'square'""",
    """create table square_all_timecards as
    select t.*, square_id('timecard', timecard_id) as id, l.location_id, l.time_zone, s.job,
        square_id('team member', staff_id) as team_member_id
    from truth.timecards t join square_locations l using (place_id)
    join truth.staff s using (staff_id)
    where l.system = 'square' order by timecard_id""",
    """create view square_timecards as
    select * replace (
            case when ended_at <= now_at() then ended_at end as ended_at,
            case when break_started_at <= now_at() then break_started_at end as break_started_at,
            case when break_ended_at <= now_at() then break_ended_at end as break_ended_at),
        case when ended_at <= now_at() then ended_at when break_ended_at <= now_at()
            then break_ended_at when break_started_at <= now_at() then break_started_at
            else started_at end as updated_at,
        1 + cast(break_started_at <= now_at() as integer)
            + cast(break_ended_at <= now_at() as integer)
            + cast(ended_at <= now_at() as integer) as version
    from square_all_timecards where started_at <= now_at()""",
    # Card money of a day and place, less fees and refunds, is sent the next morning and arrives
    # one business day later.
    """create table square_payout_entries as
    select p.payment_id, p.id as square_payment_id, p.refund_id, p.is_refund, p.paid_at,
        p.amount_cents, p.fee_cents, p.location_id,
        cast(timezone(l.time_zone, p.paid_at) as date) as day,
        square_id('payout', l.place_id * 100000 + datediff('day', date '2000-01-01', day))
            as payout_id
    from square_all_payments p join square_locations l using (location_id)
    where p.method = 'card' order by payout_id, payment_id""",
    """create table square_all_payouts as
    select payout_id as id, location_id, day, midnight(day + 1) + interval 6 hour as created_at,
        case dayofweek(day + 1) when 5 then day + 4 when 6 then day + 3 else day + 2 end
            as arrival_date,
        cast(sum(amount_cents - fee_cents) as bigint) as amount_cents,
        row_number() over (order by day, location_id) as number
    from square_payout_entries group by payout_id, location_id, day order by number""",
    """create view square_payouts as
    select *, case when arrival_date <= business_day() then 'PAID' else 'SENT' end as status,
        case when arrival_date <= business_day() then midnight(arrival_date) else created_at end
            as updated_at
    from square_all_payouts where created_at <= now_at()""",
)
