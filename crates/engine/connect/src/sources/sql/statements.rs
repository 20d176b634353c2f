//! The statements that read rows: whole, or page by page behind the last row that was read.
//!
//! Asks nobody (`session`). Invariant: pages follow the order of key, or of cursor and key, so that none skips a row or brings one twice; nothing
//! counts rows from the beginning.

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::streams::{Field, Growth, Stream};

/// The part of a stream that is read in one go, page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// All rows, by key.
    All,
    /// Rows without a value in the cursor, by key.
    Undated,
    /// Rows from a value of the cursor on, by cursor and key.
    Changed,
}

/// The last row that was read: bound texts in the order of [`order`].
pub type After = Vec<String>;

/// What a statement gives, and where in it key and cursor are told.
#[derive(Debug, Clone)]
pub struct Selection {
    items: String,
    /// Places of the texts to be bound for the row, by field.
    plain: Vec<(usize, usize)>,
}

impl Selection {
    /// Values of all fields, then those texts of key and cursor that are not the values themselves.
    pub fn of(stream: &Stream) -> Selection {
        let mut items: Vec<&str> = stream.fields.iter().map(|field| field.read.as_str()).collect();
        let mut plain = Vec::new();
        for at in stream.key.iter().copied().chain(stream.cursor) {
            let field = &stream.fields[at];
            if field.plain == field.read {
                plain.push((at, at));
            } else {
                plain.push((at, items.len()));
                items.push(&field.plain);
            }
        }
        Selection { items: items.join(", "), plain }
    }

    /// Only the key: its values, then the texts to be bound.
    pub fn of_key(stream: &Stream) -> Selection {
        let count = stream.key.len();
        let items = stream.key_fields().map(|field| field.read.as_str());
        let items: Vec<&str> = items.chain(stream.key_fields().map(|field| field.plain.as_str())).collect();
        let plain = stream.key.iter().enumerate().map(|(nth, at)| (*at, count + nth)).collect();
        Selection { items: items.join(", "), plain }
    }

    /// Where a row tells the text to be bound for a field.
    pub fn place(&self, field: usize) -> Option<usize> {
        self.plain.iter().find(|(at, _)| *at == field).map(|(_, place)| *place)
    }
}

/// A statement and the values for its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    pub sql: String,
    pub given: Vec<String>,
}

/// All rows in no order.
pub fn whole(stream: &Stream, selection: &Selection) -> String {
    format!("select {} from {} as t", selection.items, stream.from)
}

/// The fields that a part is ordered by.
pub fn order(stream: &Stream, part: Part) -> Vec<usize> {
    let mut order: Vec<usize> = stream.cursor.filter(|_| part == Part::Changed).into_iter().collect();
    for at in &stream.key {
        if !order.contains(at) {
            order.push(*at);
        }
    }
    order
}

/// The next page of a part. `from` is the cursor's first value.
pub fn page(
    stream: &Stream,
    selection: &Selection,
    part: Part,
    (from, after): (Option<&str>, Option<&After>),
    rows: usize,
) -> Asking {
    let mut writing = Writing { engine: stream.engine, given: Vec::new() };
    let fields: Vec<&Field> = order(stream, part).into_iter().map(|at| &stream.fields[at]).collect();
    let mut conditions = Vec::new();
    match (part, stream.cursor_field(), from) {
        (Part::Undated, Some(cursor), _) => conditions.push(format!("{} is null", cursor.order)),
        (Part::Changed, Some(cursor), Some(from)) if after.is_none() => {
            conditions.push(format!("{} >= {}", cursor.order, writing.value(cursor, from)));
        }
        _ => {}
    }
    if let Some(after) = after {
        conditions.push(writing.behind(&fields, after));
    }
    let condition =
        if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
    let order: Vec<&str> = fields.iter().map(|field| field.order.as_str()).collect();
    let sql = format!(
        "select {} from {} as t{condition} order by {} limit {rows}",
        selection.items,
        stream.from,
        order.join(", ")
    );
    Asking { sql, given: writing.given }
}

/// The rows with these keys.
pub fn with_keys(stream: &Stream, selection: &Selection, keys: &[After]) -> Asking {
    let mut writing = Writing { engine: stream.engine, given: Vec::new() };
    let mut each = Vec::new();
    for key in keys {
        let parts = stream.key_fields().zip(key).map(|(field, value)| {
            let value = writing.value(field, value);
            format!("{} = {value}", field.order)
        });
        each.push(format!("({})", parts.collect::<Vec<_>>().join(" and ")));
    }
    let sql = format!("select {} from {} as t where {}", selection.items, stream.from, each.join(" or "));
    Asking { sql, given: writing.given }
}

/// Whether there is any row; none where there is not.
pub fn any_row(stream: &Stream) -> String {
    format!("select '1' from {} as t limit 1", stream.from)
}

/// A row of a query that has no value in its key, if there is one.
pub fn keyless_row(stream: &Stream) -> Option<String> {
    let absent: Vec<String> = stream.key_fields().map(|field| format!("{} is null", field.order)).collect();
    let asks = stream.is_query && !absent.is_empty();
    asks.then(|| format!("select '1' from {} as t where {} limit 1", stream.from, absent.join(" or ")))
}

/// The greatest value of the cursor, as the text that is bound for it.
pub fn greatest(stream: &Stream) -> Option<String> {
    let cursor = stream.cursor_field()?;
    let (plain, order) = (&cursor.plain, &cursor.order);
    Some(format!(
        "select {plain} from {} as t where {order} is not null order by {order} desc limit 1",
        stream.from
    ))
}

/// The server's clock, as the text of the cursor.
pub fn clock(stream: &Stream) -> Option<String> {
    let now = match (stream.engine, stream.cursor_field()?.growth) {
        (Engine::Postgres, Growth::Moment) => "now()::text",
        (Engine::Postgres, Growth::Clock) => "localtimestamp::text",
        (Engine::Postgres, Growth::Day) => "current_date::text",
        (Engine::Mysql, Growth::Moment | Growth::Clock) => "cast(utc_timestamp(6) as char)",
        (Engine::Mysql, Growth::Day) => "cast(utc_date() as char)",
        _ => return None,
    };
    Some(format!("select {now}"))
}

/// The value of the cursor that lies `overlap` before `last`; a `last` in the future does not count, because what comes now lies before it.
/// Places: `last` and the clock.
pub fn overlapped(stream: &Stream, overlap: u64) -> Option<String> {
    let cursor = stream.cursor_field()?;
    let (engine, growth) = (stream.engine, cursor.growth);
    let (pg, zoned) = (engine == Engine::Postgres, growth == Growth::Moment);
    let value_type = match (pg, growth) {
        (_, Growth::Number | Growth::Unknown) => return None,
        (_, Growth::Day) => "date",
        (true, Growth::Moment) => "timestamptz",
        (true, Growth::Clock) => "timestamp",
        (false, _) => "datetime(6)",
    };
    let bound = |at: usize| format!("cast({} as {value_type})", engine.bound(at));
    let back = |seconds: u64| match (pg, growth) {
        (true, Growth::Day) => format!("{}", seconds.div_ceil(86_400)),
        (true, _) => format!("interval '{seconds} seconds'"),
        (false, Growth::Day) => format!("interval {} day", seconds.div_ceil(86_400)),
        (false, _) => format!("interval {seconds} second"),
    };
    // Where no zone is told, the clock on the company's wall may be half a day behind the server's.
    let behind = overlap + if zoned { 0 } else { 12 * 3600 };
    let (last, now) = (format!("{} - {}", bound(1), back(overlap)), bound(2));
    let choice = if pg {
        format!("case when {last} <= {now} then {last} else {now} - {} end", back(behind))
    } else {
        // Each mention of a place takes a value of its own here.
        format!(
            "select case when x.l <= x.n then x.l else x.n - {} end as v from (select {last} as l, {now} as n) as x",
            back(behind)
        )
    };
    Some(if pg {
        format!("select ({choice})::text")
    } else {
        format!("select cast(y.v as char) from ({choice}) as y")
    })
}

/// A statement on its way.
struct Writing {
    engine: Engine,
    given: Vec<String>,
}

impl Writing {
    fn value(&mut self, field: &Field, text: &str) -> String {
        self.given.push(text.to_owned());
        let (before, behind) = &field.bind;
        format!("{before}{}{behind}", self.engine.bound(self.given.len()))
    }

    /// The condition for rows behind a row.
    fn behind(&mut self, fields: &[&Field], after: &After) -> String {
        match (fields, self.engine) {
            ([field], _) => format!("{} > {}", field.order, self.value(field, &after[0])),
            (_, Engine::Postgres) => {
                let names: Vec<&str> = fields.iter().map(|field| field.order.as_str()).collect();
                let values: Vec<String> =
                    fields.iter().zip(after).map(|(field, text)| self.value(field, text)).collect();
                format!("({}) > ({})", names.join(", "), values.join(", "))
            }
            // MySQL finds the rows of a comparison of rows only by looking at all of them.
            ([first, rest @ ..], Engine::Mysql) => {
                let least = format!("{} >= {}", first.order, self.value(first, &after[0]));
                let more = format!("{} > {}", first.order, self.value(first, &after[0]));
                let behind = self.behind(rest, &after[1..].to_vec());
                format!("{least} and ({more} or ({behind}))")
            }
            ([], _) => "true".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::Parts;
    use super::super::{mysql, postgres};
    use super::*;

    fn stream(engine: Engine, key: &[&str], cursor: Option<&str>) -> Stream {
        let field = |name: &str, type_name: &str| match engine {
            Engine::Postgres => postgres::query_field(name, type_name),
            Engine::Mysql => mysql::query_field(name, type_name),
        };
        let (whole, stamp) = match engine {
            Engine::Postgres => ("INT8", "TIMESTAMPTZ"),
            Engine::Mysql => ("BIGINT", "TIMESTAMP"),
        };
        let columns = vec![field("a", whole), field("b\"`", "VARCHAR"), field("at", stamp)];
        let key: Vec<String> = key.iter().map(|column| (*column).to_owned()).collect();
        let parts =
            Parts { name: "s", title: "s", from: "f".to_owned(), columns, key: &key, cursor, is_query: true };
        Stream::new(engine, parts).unwrap()
    }

    fn asked(
        stream: &Stream,
        part: Part,
        from: Option<&str>,
        after: Option<&[&str]>,
    ) -> (String, Vec<String>) {
        let after = after.map(|after| after.iter().map(|text| (*text).to_owned()).collect());
        let asking = page(stream, &Selection::of(stream), part, (from, after.as_ref()), 10);
        let (_, sql) = asking.sql.split_once(" as t").unwrap();
        (sql.to_owned(), asking.given)
    }

    #[test]
    fn pages_go_on_behind_the_last_row_by_key_and_by_cursor_and_key() {
        let pg = stream(Engine::Postgres, &["a", "b\"`"], Some("at"));
        assert_eq!(asked(&pg, Part::All, None, None).0, r#" order by t."a", t."b""`" limit 10"#);
        let (sql, given) = asked(&pg, Part::Changed, Some("x"), Some(&["2026-01-01", "7", "k'"]));
        assert_eq!(
            sql,
            r#" where (t."at", t."a", t."b""`") > ($1::TIMESTAMPTZ, $2::INT8, $3::VARCHAR) order by t."at", t."a", t."b""`" limit 10"#
        );
        assert_eq!(given, ["2026-01-01", "7", "k'"]);
        assert_eq!(
            asked(&pg, Part::Changed, Some("2026"), None).0,
            r#" where t."at" >= $1::TIMESTAMPTZ order by t."at", t."a", t."b""`" limit 10"#
        );
        let my = stream(Engine::Mysql, &["a", "b\"`"], Some("at"));
        let (sql, given) = asked(&my, Part::Undated, None, Some(&["7", "k"]));
        assert_eq!(
            sql,
            " where t.`at` is null and t.`a` >= cast(? as signed) and (t.`a` > cast(? as signed) or (t.`b\"``` > ?)) order by t.`a`, t.`b\"``` limit 10"
        );
        assert_eq!(given, ["7", "7", "k"]);
    }

    #[test]
    fn a_cursor_that_is_the_key_is_compared_once() {
        let pg = stream(Engine::Postgres, &["a"], Some("a"));
        assert_eq!(order(&pg, Part::Changed), [0]);
        assert_eq!(
            asked(&pg, Part::Changed, Some("1"), Some(&["7"])).0,
            r#" where t."a" > $1::INT8 order by t."a" limit 10"#
        );
    }
}
