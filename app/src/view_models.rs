//! What pages show, computed from frames: pure, the same on the server and in the browser.
//!
//! Asks nothing (`questions`) and makes no elements (`components`). Invariant: a missing number is an em dash with a reason, never
//! a zero; whether a change is good comes from the metric's direction.

pub mod card;
pub mod changes;
pub mod charts;
pub mod figures;
pub mod instants;
pub mod lede;
pub mod metric;
pub mod periods;
pub mod scoreboard;
pub mod verdict;

use crate::texts::Texts;
use contract::Failure;
use contract::failure::FailureKind;

/// Why something has no figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Nothing to show: the reason in words.
    Empty(String),
    /// The call failed: the reason in words, and whether asking again may help.
    Failed { reason: String, retry: bool },
    /// Not allowed to see it.
    Forbidden,
}

impl Missing {
    pub fn from_failure(failure: &Failure, texts: &Texts) -> Missing {
        match failure.kind {
            FailureKind::Forbidden => Missing::Forbidden,
            FailureKind::Unreachable => Missing::Failed { reason: texts.offline.to_owned(), retry: true },
            FailureKind::Internal => Missing::Failed { reason: failure.message.clone(), retry: true },
            _ => Missing::Failed { reason: failure.message.clone(), retry: false },
        }
    }
}
