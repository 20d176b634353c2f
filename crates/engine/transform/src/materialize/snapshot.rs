//! A snapshot: each row's history, with the time from and to which it held (SCD2).
//!
//! Does not fetch the rows. Invariant: a row that once held is never changed but for the moment at which it ceased to.

use std::fmt::Write;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, Schema};
use chrono::{DateTime, Utc};
use lake::{Lake, WriteMode, quote};

use super::{quoted, table, typed_null, wrong};
use crate::build::{Compiled, Made};
use crate::errors::{TransformError, did_you_mean};
use crate::node::{HardDeletes, Node, Snapshot, SnapshotStrategy};

/// The pieces that the SQL is made of.
struct Parts<'a> {
    settings: &'a Snapshot,
    this: String,
    sql: &'a str,
    /// Columns of the query.
    new: Vec<String>,
    now: String,
}

pub(super) async fn build(
    lake: &Lake,
    node: &Node,
    settings: &Snapshot,
    compiled: &Compiled,
    now: DateTime<Utc>,
) -> Result<Made, TransformError> {
    let failed = |error| compiled.failed(node, error);
    let schema = compiled.session.schema(compiled.sql()).await.map_err(failed)?;
    let parts = Parts {
        settings,
        this: node.relation.quoted(),
        sql: compiled.sql(),
        new: schema.fields().iter().map(|field| field.name().clone()).collect(),
        now: format!("cast('{}' as timestamp(6))", now.format("%Y-%m-%d %H:%M:%S%.6f")),
    };
    parts.columns_are_there(node)?;
    parts.keys_are_unique(node, compiled).await?;
    let sql = if compiled.onto.is_some() {
        let here = format!("select * from {}", parts.this);
        let old = compiled.session.schema(&here).await.map_err(failed)?;
        parts.next(node, &schema, &old)?
    } else {
        parts.first()
    };
    table::write(lake, node, compiled, &sql, WriteMode::Replace).await
}

impl Parts<'_> {
    fn meta(&self, name: &str) -> String {
        quote(self.settings.meta_columns.get(name).map_or(name, String::as_str))
    }

    fn keeps_deleted(&self) -> bool {
        self.settings.hard_deletes == HardDeletes::NewRecord
    }

    fn columns_are_there(&self, node: &Node) -> Result<(), TransformError> {
        let mut wanted: Vec<&String> = self.settings.unique_key.iter().collect();
        match &self.settings.strategy {
            SnapshotStrategy::Timestamp { updated_at } => wanted.push(updated_at),
            SnapshotStrategy::Check { columns, updated_at } => {
                wanted.extend(columns.iter().chain(updated_at));
            }
        }
        match wanted.into_iter().find(|column| !self.new.contains(column)) {
            None => Ok(()),
            Some(column) => {
                let remedy = did_you_mean(
                    column,
                    self.new.iter().map(String::as_str),
                    "select it, or correct the setting",
                );
                Err(wrong(node, format!("the snapshot's query gives no column `{column}`; {remedy}")))
            }
        }
    }

    /// A key that comes twice would give one row two histories.
    async fn keys_are_unique(&self, node: &Node, compiled: &Compiled) -> Result<(), TransformError> {
        let keys = quoted(&self.settings.unique_key);
        let question = format!(
            "select count(*) as n from (select 1 as one from (\n{}\n) as source group by {keys} having count(*) > 1) as twice",
            self.sql
        );
        let batches =
            compiled.session.query(&question).await.map_err(|error| compiled.failed(node, error))?;
        let count: i64 = batches
            .iter()
            .filter(|batch| batch.num_rows() > 0)
            .map(|batch| batch.column(0).as_primitive::<Int64Type>().value(0))
            .sum();
        if count == 0 {
            return Ok(());
        }
        Err(wrong(
            node,
            format!(
                "{count} values of the `unique_key` {} come more than once; a snapshot needs one row per key",
                self.settings.unique_key.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
            ),
        ))
    }

    /// When a new row begins to hold.
    fn begins(&self) -> String {
        match &self.settings.strategy {
            SnapshotStrategy::Timestamp { updated_at }
            | SnapshotStrategy::Check { updated_at: Some(updated_at), .. } => {
                format!("cast(source.{} as timestamp(6))", quote(updated_at))
            }
            SnapshotStrategy::Check { updated_at: None, .. } => self.now.clone(),
        }
    }

    /// dbt's digest of key and moment.
    fn scd_id(&self, rows: &str, moment: &str) -> String {
        let parts: Vec<String> = self
            .settings
            .unique_key
            .iter()
            .map(|key| format!("cast({rows}.{} as varchar)", quote(key)))
            // DataFusion writes a moment with a `T`, DuckDB and dbt with a space.
            .chain([format!("replace(cast({moment} as varchar), 'T', ' ')")])
            .map(|part| format!("coalesce({part}, '')"))
            .collect();
        format!("md5({})", parts.join(" || '|' || "))
    }

    /// `dbt_valid_to` of a row that holds now.
    fn open_end(&self) -> String {
        match &self.settings.valid_to_current {
            Some(sql) => format!("cast({sql} as timestamp(6))"),
            None => "cast(null as timestamp(6))".to_owned(),
        }
    }

    fn is_current(&self, rows: &str) -> String {
        let valid_to = format!("{rows}.{}", self.meta("dbt_valid_to"));
        match &self.settings.valid_to_current {
            Some(sql) => format!("({valid_to} is null or {valid_to} = cast({sql} as timestamp(6)))"),
            None => format!("{valid_to} is null"),
        }
    }

    fn same_key(&self, a: &str, b: &str) -> String {
        let pairs =
            self.settings.unique_key.iter().map(|key| format!("{a}.{key} = {b}.{key}", key = quote(key)));
        pairs.collect::<Vec<_>>().join(" and ")
    }

    fn no_key(&self, rows: &str) -> String {
        format!("{rows}.{} is null", quote(&self.settings.unique_key[0]))
    }

    /// The columns that dbt adds, for new rows that lie in `rows` with the moment in `mirante_begins`.
    fn added(&self, rows: &str, deleted: bool) -> String {
        let begins = format!("{rows}.mirante_begins");
        let mut columns = vec![
            format!("{} as {}", self.scd_id(rows, &begins), self.meta("dbt_scd_id")),
            format!("{begins} as {}", self.meta("dbt_updated_at")),
            format!("{begins} as {}", self.meta("dbt_valid_from")),
            format!("{} as {}", self.open_end(), self.meta("dbt_valid_to")),
        ];
        if self.keeps_deleted() {
            let value = if deleted { "'True'" } else { "'False'" };
            columns.push(format!("{value} as {}", self.meta("dbt_is_deleted")));
        }
        columns.join(", ")
    }

    fn first(&self) -> String {
        let columns: Vec<String> = self.new.iter().map(|column| format!("fresh.{}", quote(column))).collect();
        format!(
            "select {}, {} from (select source.*, {} as mirante_begins from (\n{}\n) as source) as fresh",
            columns.join(", "),
            self.added("fresh", false),
            self.begins(),
            self.sql
        )
    }

    fn next(&self, node: &Node, given: &Schema, there: &Schema) -> Result<String, TransformError> {
        let old: Vec<String> = there.fields().iter().map(|field| field.name().clone()).collect();
        let mut added: Vec<String> = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"]
            .map(|name| self.meta(name))
            .to_vec();
        if self.keeps_deleted() {
            added.push(self.meta("dbt_is_deleted"));
        }
        if let Some(gone) = added.iter().find(|name| !old.iter().any(|column| quote(column) == **name)) {
            return Err(wrong(
                node,
                format!(
                    "the table `{}` has no column {gone}; it was not made by this snapshot or its settings changed: give it another name",
                    node.relation
                ),
            ));
        }
        // What dbt added is told by name: a column of the author's own may stand among them.
        let known = |column: &String| {
            ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted"]
                .iter()
                .any(|name| self.meta(name) == quote(column))
        };
        let before: Vec<String> = old.iter().filter(|column| !known(column)).cloned().collect();
        let mut columns = before.clone();
        columns.extend(self.new.iter().filter(|column| !before.contains(column)).cloned());
        let from = |rows: &str, has: &[String]| -> String {
            let parts = columns.iter().map(|column| {
                if has.contains(column) {
                    return format!("{rows}.{}", quote(column));
                }
                // The other side has it, and so its type.
                let schema = if before.contains(column) { there } else { given };
                format!("{} as {}", typed_null(schema, column), quote(column))
            });
            parts.collect::<Vec<_>>().join(", ")
        };
        let mut sql = self.changes(&before);
        sql.push_str(&self.history(&from("held", &before)));
        let _ = write!(
            sql,
            "\nunion all\nselect {}, {} from changed",
            from("changed", &self.new),
            self.added("changed", false)
        );
        if self.keeps_deleted() {
            let _ = write!(
                sql,
                "\nunion all\nselect {}, {} from (select current_rows.*, {} as mirante_begins from current_rows left join source on {} where {} and current_rows.{} <> 'True') as lost",
                from("lost", &before),
                self.added("lost", true),
                self.now,
                self.same_key("current_rows", "source"),
                self.no_key("source"),
                self.meta("dbt_is_deleted")
            );
        }
        Ok(sql)
    }

    /// `with source, current_rows, changed`: what the query gives, what holds, and what differs.
    fn changes(&self, before: &[String]) -> String {
        let mut differs = match &self.settings.strategy {
            SnapshotStrategy::Timestamp { .. } => {
                format!("current_rows.{} < fresh.mirante_begins", self.meta("dbt_valid_from"))
            }
            SnapshotStrategy::Check { columns, .. } => {
                let columns = if columns.is_empty() { &self.new } else { columns };
                let each: Vec<String> = columns
                    .iter()
                    .map(|column| {
                        // A new column is a change of every row, as in dbt.
                        let known = before.contains(column);
                        let same =
                            format!("(current_rows.{c} is distinct from fresh.{c})", c = quote(column));
                        if known { same } else { "true".to_owned() }
                    })
                    .collect();
                each.join(" or ")
            }
        };
        if self.keeps_deleted() {
            differs = format!("({differs}) or current_rows.{} = 'True'", self.meta("dbt_is_deleted"));
        }
        format!(
            "with source as (\n{}\n),\ncurrent_rows as (select * from {} as held where {}),\nfresh as (select source.*, {} as mirante_begins from source),\nchanged as (select fresh.* from fresh left join current_rows on {} where {} or ({differs}))\n",
            self.sql,
            self.this,
            self.is_current("held"),
            self.begins(),
            self.same_key("current_rows", "fresh"),
            self.no_key("current_rows"),
        )
    }

    /// The rows of before, closed where they ceased to hold.
    fn history(&self, columns: &str) -> String {
        let valid_to = self.meta("dbt_valid_to");
        let current = self.is_current("held");
        let key = quote(&self.settings.unique_key[0]);
        let mut ends =
            vec![format!("when {current} and closing.{key} is not null then closing.mirante_begins")];
        match self.settings.hard_deletes {
            HardDeletes::Ignore => {}
            HardDeletes::Invalidate => {
                ends.push(format!("when {current} and seen.{key} is null then {}", self.now));
            }
            HardDeletes::NewRecord => ends.push(format!(
                "when {current} and seen.{key} is null and held.{} <> 'True' then {}",
                self.meta("dbt_is_deleted"),
                self.now
            )),
        }
        let mut added = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from"]
            .map(|name| format!("held.{}", self.meta(name)))
            .to_vec();
        added.push(format!("case {} else held.{valid_to} end as {valid_to}", ends.join(" ")));
        if self.keeps_deleted() {
            added.push(format!("held.{}", self.meta("dbt_is_deleted")));
        }
        format!(
            "select {columns}, {} from {} as held left join changed as closing on {} left join source as seen on {}",
            added.join(", "),
            self.this,
            self.same_key("held", "closing"),
            self.same_key("held", "seen"),
        )
    }
}
