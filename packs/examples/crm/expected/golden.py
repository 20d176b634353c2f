"""Writes the golden figures of this pack beside itself, straight from the raw files and not through the pack's SQL.

    pip install duckdb
    python golden.py FOLDER_WITH_THE_FOUR_CSV_FILES

Rows: metric, grain, period (first day of the bucket; empty = the whole data), dimension, member (empty = total or no value),
numerator, denominator (empty where the metric is no ratio), value. Sums and counts are exact; ratios are to be met to 1e-9.
"""

import csv
import pathlib
import sys

import duckdb

GRAINS = ["day", "week", "month", "quarter", "year"]
DIMENSIONS = ["agent", "manager", "region", "product", "series", "sector"]
HEADER = ["metric", "grain", "period", "dimension", "member", "numerator", "denominator", "value"]


def connect(folder: pathlib.Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    for name in ["sales_pipeline", "sales_teams", "products", "accounts"]:
        db.execute(f"create table {name} as select * from read_csv('{folder / name}.csv')")
    db.execute("""
        create table deals as
        select s.opportunity_id, s.sales_agent as agent, t.manager, t.regional_office as region,
               p.product, p.series, a.sector, s.deal_stage, s.engage_date, s.close_date, s.close_value
        from sales_pipeline s
        left join sales_teams t using (sales_agent)
        left join products p on p.product = case s.product when 'GTXPro' then 'GTX Pro' else s.product end
        left join accounts a on a.account = s.account""")
    return db


def by_close_date(db, bucket: str, member: str) -> list[tuple]:
    rows = db.execute(f"""
        select {bucket} as bucket, {member} as member,
               coalesce(sum(close_value) filter (deal_stage = 'Won'), 0)::bigint,
               count(*) filter (deal_stage = 'Won'),
               count(*),
               median(close_date - engage_date) filter (deal_stage = 'Won')
        from deals where deal_stage in ('Won', 'Lost')
        group by all order by all""").fetchall()
    out = []
    for period, member_name, value, won, closed, cycle in rows:
        out.append(("won_value", period, member_name, "", "", f"{value}.00"))
        out.append(("won_deals", period, member_name, "", "", won))
        out.append(("closed_deals", period, member_name, "", "", closed))
        out.append(("win_rate", period, member_name, won, closed, repr(won / closed)))
        if cycle is not None:
            out.append(("sales_cycle", period, member_name, "", "", repr(float(cycle))))
    return out


def open_deals(db, grain: str, member: str) -> list[tuple]:
    last = "(select max(greatest(engage_date, coalesce(close_date, engage_date))) from deals)"
    if grain:
        days = f"""select distinct date_trunc('{grain}', day)::date as bucket,
                          least((date_trunc('{grain}', day) + interval 1 {grain})::date - 1, {last}) as day
                   from (select unnest(generate_series((select min(engage_date) from deals), {last}, interval 1 day))::date as day)"""
    else:
        days = f"select null::date as bucket, {last} as day"
    rows = db.execute(f"""
        select d.bucket, {member} as member, count(*)
        from ({days}) d join deals on engage_date <= d.day and (close_date is null or close_date > d.day)
        group by all order by all""").fetchall()
    return [("open_deals", period, name, "", "", count) for period, name, count in rows]


def main(folder: pathlib.Path) -> None:
    db = connect(folder)
    with open(pathlib.Path(__file__).with_name("crm.csv"), "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(HEADER)
        for grain in ["", *GRAINS]:
            # Members by day and week would be noise: their sums are the months'.
            for dimension in ["", *(DIMENSIONS if grain in ("", "month", "year") else [])]:
                bucket = f"date_trunc('{grain}', close_date)::date" if grain else "null::date"
                member = dimension or "null::varchar"
                rows = by_close_date(db, bucket, member) + open_deals(db, grain, member)
                for metric, period, name, numerator, denominator, value in rows:
                    out.writerow([metric, grain, period or "", dimension, name or "", numerator, denominator, value])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
