//! What can be wrong with a question, said with the remedy.
//!
//! Does not decide how an error is answered (`server`). Invariant: shows no SQL and no data.

use kpi::period::PeriodError;

/// A question that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    #[error("there is no metric `{name}`{}", hint(.nearest.as_deref()))]
    UnknownMetric { name: String, nearest: Option<String> },

    #[error("there is no dimension `{name}`{}", hint(.nearest.as_deref()))]
    UnknownDimension { name: String, nearest: Option<String> },

    #[error("metric `{metric}` cannot be broken down or filtered by `{dimension}`; it knows {known}")]
    Unreachable { metric: String, dimension: String, known: String },

    #[error("dimension `{dimension}` of metric `{metric}` could mean {choices}; write one of these instead")]
    Ambiguous { metric: String, dimension: String, choices: String },

    #[error("a query names at least one metric in `metrics`")]
    NoMetric,

    #[error(transparent)]
    Period(#[from] PeriodError),

    #[error("a limit of {limit} is out of range; ask for 1 to {max} rows")]
    Limit { limit: u32, max: u32 },

    #[error("the answer has more than {max} rows; shorten the period, choose a coarser grain, or filter")]
    TooManyRows { max: usize },

    #[error("{buckets} {grain}s are too many buckets; ask for at most {max}, or for a coarser grain")]
    TooManyBuckets { buckets: usize, grain: &'static str, max: usize },

    #[error("metric `{metric}` has no finer grain than {finest}, and the query asks for {asked}")]
    TooFine { metric: String, finest: &'static str, asked: &'static str },

    #[error(
        "cannot order by `{by}`; order by a metric or dimension of the query, `metric_time`, or `<metric>.comparison`, `.delta`, `.delta_percent`"
    )]
    Order { by: String },

    #[error("filter on `{dimension}` has no values; name at least one, or leave the filter out")]
    EmptyFilter { dimension: String },

    #[error("edition {asked} cannot be answered from edition {edition}; open the edition that is asked for")]
    Edition { asked: u64, edition: u64 },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; see the catalogue for what there is".to_owned(),
        |name| format!("; did you mean `{name}`?"),
    )
}

/// The known name that `name` is most likely a misspelling of.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let limit = (name.chars().count() / 3).max(2);
    let scored = known.map(|candidate| (distance(name, candidate), candidate));
    scored.filter(|(score, _)| *score <= limit).min().map(|(_, candidate)| candidate.to_owned())
}

/// How many letters must change, appear or disappear to make `a` of `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_misspellings_only() {
        let known = ["net_revenue", "orders", "win_rate"];
        assert_eq!(nearest("net_revenu", known.into_iter()), Some("net_revenue".to_owned()));
        assert_eq!(nearest("winrate", known.into_iter()), Some("win_rate".to_owned()));
        assert_eq!(nearest("headcount", known.into_iter()), None);
    }
}
