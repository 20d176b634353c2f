-- Usual mistakes: joining cost to deals to invoice lines, which repeats the cost; and adding open pipeline to sales. Fixture: an
-- event that cost 1.000 in two postings, one deal won with two lines of 800 margin, one deal open for 5.000.
-- Ours: (1.600 − 1.000) ÷ 1.000 = 0,6. Joined row by row the cost is 2.000 and the margin 3.200.
with costs as (
    select 'EV1' as event_code, 400 as amount union all select 'EV1', 600
),

deals as (
    select 1 as deal_id, 'EV1' as event_code, 2 as status_id, 2000 as amount
    union all select 2, 'EV1', 1, 5000
),

lines as (
    select 1 as deal_id, 800 as margin union all select 1, 800
),

margin_by_deal as (
    select deal_id, sum(margin) as margin from lines group by deal_id
),

margin_by_event as (
    select d.event_code, sum(m.margin) as margin
    from deals as d
    inner join margin_by_deal as m on d.deal_id = m.deal_id
    where d.status_id = 2
    group by d.event_code
),

cost_by_event as (
    select event_code, sum(amount) as cost from costs group by event_code
),

ours as (
    select m.margin - c.cost as gain, c.cost
    from margin_by_event as m
    inner join cost_by_event as c on m.event_code = c.event_code
),

mistaken as (
    select sum(l.margin) as margin, sum(c.amount) as cost
    from costs as c
    inner join deals as d on c.event_code = d.event_code
    inner join lines as l on d.deal_id = l.deal_id
)

select *
from ours
cross join mistaken
where ours.gain <> 600 or ours.cost <> 1000
    or mistaken.cost = ours.cost or mistaken.margin = ours.gain + ours.cost
