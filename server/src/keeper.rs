//! Keeps what systems change of a source's settings: sealed, in the platform database.
//!
//! Invariant: only a secret of a source that exists changes, and everything else that it was told stays.

use async_trait::async_trait;
use connect::SettingsKeeper;
use metastore::Metastore;
use std::error::Error;

/// The settings of sources, as the platform database has them.
pub struct Keeper(pub Metastore);

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keeper")
    }
}

#[async_trait]
impl SettingsKeeper for Keeper {
    async fn keep_secret(
        &self,
        source: &str,
        parameter: &str,
        value: &str,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let found = self.0.sources().await?.into_iter().find(|row| row.name == source);
        let mut row = found.ok_or_else(|| format!("there is no source `{source}` any more"))?;
        row.secrets.insert(parameter.to_owned(), self.0.seal_secret(source, parameter, value)?);
        Ok(self.0.change_source(&row).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metastore::sources::SourceRow;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[tokio::test]
    async fn a_changed_secret_is_what_the_source_is_told_next() {
        let folder = tempfile::tempdir().unwrap();
        let metastore = Metastore::open_in(folder.path()).await.unwrap();
        let sealed = metastore.seal_secret("loja", "config", "old").unwrap();
        let row = SourceRow {
            name: "loja".to_owned(),
            kind: "airbyte".to_owned(),
            params: json!({"package": "airbyte-cdk"}),
            secrets: BTreeMap::from([("config".to_owned(), sealed)]),
            promised_minutes: Some(60),
            schedule: None,
        };
        metastore.add_source(&row).await.unwrap();
        let keeper = Keeper(metastore.clone());
        keeper.keep_secret("loja", "config", "new").await.unwrap();
        let kept = metastore.sources().await.unwrap().remove(0);
        assert_eq!(metastore.settings_of(&kept).unwrap(), json!({"package": "airbyte-cdk", "config": "new"}));
        let error = keeper.keep_secret("other", "config", "new").await.unwrap_err();
        assert!(error.to_string().contains("no source `other`"), "{error}");
    }
}
