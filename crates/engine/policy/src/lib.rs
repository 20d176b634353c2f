//! Who may see which rows and columns: what packs declare, and what it comes to for one principal.
//!
//! Enforces nothing (`lake` does, in one place) and knows no sessions or accounts (`server`). Invariant: what nobody granted is not
//! granted: an attribute that a principal lacks has no values, and a role that nobody knows may do nothing.

mod declared;
mod expression;
mod role;
mod rules;

pub use declared::{DeclaredError, table_rules};
pub use expression::{Expression, ExpressionError, Values};
pub use role::Role;
pub use rules::{Classification, ColumnRule, RowRule, Rules, TableRules};
