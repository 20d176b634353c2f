"""Writes the golden figures of this pack beside itself, straight from the raw file and not through the pack's SQL.

    pip install duckdb
    python golden.py online_retail_uci352.parquet

Rows: metric, grain, period (first day of the bucket; empty = the whole data), dimension, member (empty = total),
numerator, denominator (empty where the metric is no ratio), value. Sums and counts are exact; ratios are to be met to 1e-9.
"""

import csv
import pathlib
import sys

import duckdb

GRAINS = ["day", "week", "month", "quarter", "year"]
HEADER = ["metric", "grain", "period", "dimension", "member", "numerator", "denominator", "value"]


def figures(db, bucket: str, member: str) -> list[tuple]:
    # Thousandths as integers: the sum is exact whatever the order of addition.
    rows = db.execute(f"""
        select {bucket} as bucket, {member} as member,
               sum(Quantity * round(UnitPrice * 1000)::hugeint)::hugeint,
               count(distinct InvoiceNo) filter (InvoiceNo not like 'C%'),
               count(distinct InvoiceNo) filter (InvoiceNo like 'C%'),
               count(distinct InvoiceNo),
               count(distinct CustomerID) filter (InvoiceNo not like 'C%')
        from lines group by all order by all""").fetchall()
    out = []
    for period, name, thousandths, orders, cancellations, invoices, customers in rows:
        sign, rest = ("-" if thousandths < 0 else ""), abs(thousandths)
        revenue = f"{sign}{rest // 1000}.{rest % 1000:03}"
        out.append(("net_revenue", period, name, "", "", revenue))
        out.append(("orders", period, name, "", "", orders))
        out.append(("cancellations", period, name, "", "", cancellations))
        out.append(("invoices", period, name, "", "", invoices))
        out.append(("customers", period, name, "", "", customers))
        # No order, no ticket: the value stays empty.
        out.append(("avg_ticket", period, name, revenue, orders, repr(thousandths / (1000 * orders)) if orders else ""))
        out.append(("cancel_rate", period, name, cancellations, invoices, repr(cancellations / invoices)))
    return out


def main(path: pathlib.Path) -> None:
    db = duckdb.connect()
    db.execute(f"""
        create table lines as
        select *, strptime(InvoiceDate, '%m/%d/%y %H:%M')::date as day from read_parquet('{path}')""")
    with open(pathlib.Path(__file__).with_name("retail.csv"), "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(HEADER)
        for grain in ["", *GRAINS]:
            for dimension in ["", "Country"]:
                bucket = f"date_trunc('{grain}', day)::date" if grain else "null::date"
                for metric, period, name, numerator, denominator, value in figures(db, bucket, dimension or "null::varchar"):
                    out.writerow([metric, grain, period or "", dimension.lower(), name or "", numerator, denominator, value])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
