//! Links and sessions.

use crate::places::on_both;
use contract::Principal;
use metastore::Metastore;
use std::collections::BTreeMap;

fn principal() -> Principal {
    Principal {
        id: "administrator".to_owned(),
        name: "Administração".to_owned(),
        roles: vec!["administrador".to_owned()],
        attributes: BTreeMap::new(),
    }
}

#[test]
fn sign_in_link_works_once() {
    on_both(|store: Metastore| async move {
        let link = store.new_sign_in_link(&principal()).await.unwrap();
        let session = store.sign_in(&link).await.unwrap().unwrap();
        assert_eq!(store.sign_in(&link).await.unwrap(), None);
        assert_eq!(store.principal(&session).await.unwrap(), Some(principal()));
        assert_eq!(store.principal(&link).await.unwrap(), None);
        store.sign_out(&session).await.unwrap();
        assert_eq!(store.principal(&session).await.unwrap(), None);
    });
}

#[test]
fn new_sign_in_link_replaces_the_unused_one() {
    on_both(|store: Metastore| async move {
        let first = store.new_sign_in_link(&principal()).await.unwrap();
        let second = store.new_sign_in_link(&principal()).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(store.sign_in(&first).await.unwrap(), None);
        assert!(store.sign_in(&second).await.unwrap().is_some());
    });
}
