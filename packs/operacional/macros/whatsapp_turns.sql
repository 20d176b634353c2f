{#- Turns of conversations: a run of inbound messages that no agent interrupts, answered by the agent's next message.
    messages: relation with conversation_id, message_id, sent_at (Unix seconds), from_agent (0 or 1); bots are left out.
    Gives conversation_id, started_at, answered_at (null = nobody answered). -#}
{% macro whatsapp_turns(messages) %}
    select
        conversation_id,
        min(case when from_agent = 0 then sent_at end) as started_at,
        min(case when from_agent = 1 then sent_at end) as answered_at
    from (
        select
            conversation_id,
            sent_at,
            from_agent,
            -- The n-th answer of the agents belongs to the inbound messages after the n−1 before it.
            sum(from_agent) over (
                partition by conversation_id order by sent_at, message_id
                rows between unbounded preceding and current row
            ) - from_agent as turn
        from {{ messages }}
    ) as numbered
    group by conversation_id, turn
    having min(case when from_agent = 0 then sent_at end) is not null
{%- endmacro %}

{#- Deadlines in business minutes.
    turns: relation with branch_id, started_at (Unix seconds), sla_minutes, opens_minute, closes_minute and whatever else.
    business_days: relation shaped as dim_business_days.
    Gives the turns' columns and deadline_day (local date), deadline_second (of the local day), deadline_at (Unix seconds).
    Time is a position on a clock that only runs in business hours: business days before × seconds a day + seconds since opening. -#}
{% macro turn_deadlines(turns, business_days) %}
    select
        placed.*,
        due.date_day as deadline_day,
        placed.opens_minute * 60 + placed.position - placed.full_days * placed.day_seconds as deadline_second,
        due.day_number * 86400 + placed.opens_minute * 60 + placed.position - placed.full_days * placed.day_seconds
        - ({{ var('utc_offset_hours', -3) }}) * 3600 as deadline_at
    from (
        select
            positioned.*,
            -- A deadline at closing time belongs to that day, hence the second before it decides.
            cast((positioned.position - 1 - (positioned.position - 1) % positioned.day_seconds) / positioned.day_seconds as bigint) as full_days
        from (
            select
                opened.*,
                (opened.business_day_number - opened.is_business_day) * opened.day_seconds
                + opened.is_business_day
                * least(greatest(opened.start_second - opened.opens_minute * 60, 0), opened.day_seconds)
                + opened.sla_minutes * 60 as position
            from (
                select
                    local.*,
                    begun.is_business_day,
                    begun.business_day_number,
                    (local.closes_minute - local.opens_minute) * 60 as day_seconds
                from (
                    select
                        asked.*,
                        cast(
                            (asked.started_at + ({{ var('utc_offset_hours', -3) }}) * 3600
                                - (asked.started_at + ({{ var('utc_offset_hours', -3) }}) * 3600) % 86400) / 86400 as bigint
                        ) as start_day_number,
                        (asked.started_at + ({{ var('utc_offset_hours', -3) }}) * 3600) % 86400 as start_second
                    from {{ turns }} as asked
                ) as local
                inner join {{ business_days }} as begun
                    on begun.branch_id = local.branch_id and begun.day_number = local.start_day_number
            ) as opened
        ) as positioned
    ) as placed
    inner join {{ business_days }} as due
        on due.branch_id = placed.branch_id
        and due.business_day_number = placed.full_days + 1
        and due.is_business_day = 1
{%- endmacro %}
