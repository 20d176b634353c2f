//! Keeping what a system itself changes of a source's settings: a refresh token that holds once, say.
//!
//! Stores nothing itself: whoever opens sources says where settings live. Invariant: a source goes on with changed settings only after they have
//! been kept.

use std::error::Error;
use std::fmt::Debug;

/// Where the settings of sources are stored.
#[async_trait::async_trait]
pub trait SettingsKeeper: Send + Sync + Debug {
    /// Takes `value` for the secret `parameter` of `source` from now on.
    async fn keep_secret(
        &self,
        source: &str,
        parameter: &str,
        value: &str,
    ) -> Result<(), Box<dyn Error + Send + Sync>>;
}
