//! Every way a project can be wrong, said with its place and its remedy.
//!
//! Does not know how a place is found (`jinja::lines`, `yaml`).
//! Invariant: a place always names a file of the project as its author wrote it, never rendered SQL.

use std::fmt;

use lake::{LakeError, TableName};

/// Where something is in a file of the project. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Place {
    pub file: String,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

impl Place {
    pub fn file(file: impl Into<String>) -> Place {
        Place { file: file.into(), line: None, column: None }
    }

    pub fn line(file: impl Into<String>, line: usize) -> Place {
        Place { file: file.into(), line: Some(line as u32), column: None }
    }

    pub fn at(file: impl Into<String>, line: usize, column: usize) -> Place {
        Place { file: file.into(), line: Some(line as u32), column: Some(column as u32) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// What can go wrong between reading a project and having its tables.
#[derive(Debug, thiserror::Error)]
pub enum TransformError {
    #[error("could not read `{path}`")]
    Read { path: String, source: std::io::Error },
    #[error("`{path}` is not UTF-8 text; save it as UTF-8")]
    NotText { path: String },
    #[error("`{path}` is larger than {limit_mb} MB; add it as a source instead of a seed")]
    TooLarge { path: String, limit_mb: u64 },
    #[error("`{root}` has no `dbt_project.yml`; name the folder of a dbt project")]
    NoProject { root: String },
    #[error("{place}: bad YAML: {message}")]
    Yaml { place: Place, message: String },
    #[error("{place}: {message}")]
    Property { place: Place, message: String },
    #[error("{place}: {subject}: {message}")]
    Jinja { subject: String, place: Place, message: String },
    #[error("{place}: {subject}: {message}")]
    Sql { subject: String, place: Place, message: String, source: Option<Box<LakeError>> },
    #[error("{first} and {second} are both named `{name}`; rename one of them")]
    Duplicate { name: String, first: String, second: String },
    #[error(
        "`{first}` and `{second}` both make the table `{table}`; give one of them an `alias` or another `schema`"
    )]
    SameRelation { table: TableName, first: String, second: String },
    #[error("the models go round in a circle: {path}; remove one of these `ref`s")]
    Cycle { path: String },
    #[error("selection `{text}`: {message}")]
    Selection { text: String, message: String },
    #[error("{place}: seed `{seed}`: {message}")]
    Seed { seed: String, place: Place, message: String },
    #[error("{place}: `{node}` reads {what}, whose table `{table}` is not there; {remedy}")]
    MissingTable { node: String, place: Place, what: String, table: Box<TableName>, remedy: String },
    #[error("{place}: `{node}`: {message}")]
    Materialize { node: String, place: Place, message: String },
    #[error("`{node}`: {source}")]
    Lake { node: String, source: Box<LakeError> },
    #[error("`{node}` was cancelled")]
    Cancelled { node: String },
    #[error("`{node}` stopped unexpectedly: {message}; this is a defect in mirante")]
    Panicked { node: String, message: String },
}

impl TransformError {
    /// The place in the author's files, when there is one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            TransformError::Yaml { place, .. }
            | TransformError::Property { place, .. }
            | TransformError::Jinja { place, .. }
            | TransformError::Sql { place, .. }
            | TransformError::Seed { place, .. }
            | TransformError::MissingTable { place, .. }
            | TransformError::Materialize { place, .. } => Some(place),
            _ => None,
        }
    }
}

/// The candidate most like `name`, if one is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            *distance <= 1 + name.chars().count().max(candidate.chars().count()) / 4
        })
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// "; did you mean `x`?" or the given remedy, to end a message with.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    otherwise: &str,
) -> String {
    match nearest(name, candidates) {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise.to_owned(),
    }
}

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_slip_of_the_pen_is_found() {
        let names = ["stg_deals", "stg_orders", "fct_sales"];
        assert_eq!(nearest("stg_dael", names).as_deref(), Some("stg_deals"));
        assert_eq!(nearest("STG_ORDERS", names).as_deref(), Some("stg_orders"));
        assert_eq!(nearest("dim_customer", names), None);
    }

    #[test]
    fn place_without_column_shows_what_it_knows() {
        assert_eq!(Place::file("a.sql").to_string(), "a.sql");
        assert_eq!(Place::at("a.sql", 3, 9).to_string(), "a.sql:3:9");
    }
}
