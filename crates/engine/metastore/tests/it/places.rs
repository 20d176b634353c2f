//! Where the tests run: every case on a fresh SQLite file, and on a fresh PostgreSQL database.

use crate::postgres;
use metastore::Metastore;
use metastore::secrets::Vault;
use std::future::Future;

/// Runs `case` on both databases.
pub fn on_both<F: Future<Output = ()>>(case: impl Fn(Metastore) -> F) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let store = Metastore::open_in(dir.path()).await.unwrap();
        case(store.clone()).await;
        store.close().await.unwrap();

        let store =
            Metastore::open(&postgres::fresh_database().await, Vault::passing().unwrap()).await.unwrap();
        case(store.clone()).await;
        store.close().await.unwrap();
    });
}
