//! Checks: rules over tables that pass, warn or fail, with dbt's meaning to the letter; and the freshness of sources.
//!
//! Takes compiled checks (`transform` reads and renders them) and a session; does not decide what blocks an edition
//! (`pipeline`). Invariant: a check always has an outcome; one that cannot run is an error and never a pass.

mod config;
mod errors;
mod freshness;
mod outcome;
mod rules;
mod run;

pub use config::{Config, Severity};
pub use errors::CheckError;
pub use freshness::{Freshness, FreshnessOutcome, MaxAge, Period, freshness};
pub use outcome::{Outcome, Sample, Status};
pub use rules::rule_names;
pub use run::{run, run_all};

use lake::TableName;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One check, ready to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Names the check in outcomes; dbt's `unique_id` where it came from a dbt project.
    pub id: String,
    pub kind: Kind,
    /// The relation that is checked; `None` for a singular test, which names its relations itself.
    #[serde(default)]
    pub relation: Option<TableName>,
    /// The column that is checked, as SQL text; a rule may also find it as `column_name` in its arguments.
    #[serde(default)]
    pub column: Option<String>,
    #[serde(default)]
    pub config: Config,
}

/// What a check looks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A rule of [`rule_names`] with its arguments, relations in them already rendered as SQL.
    Generic {
        rule: String,
        #[serde(default)]
        arguments: Map<String, Value>,
    },
    /// SQL whose rows are failures: a singular test, or a project's own generic test after rendering.
    Singular { sql: String },
}
