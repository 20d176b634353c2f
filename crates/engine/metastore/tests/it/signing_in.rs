//! Links and sessions.

use crate::places::on_both;
use contract::Principal;
use metastore::{Metastore, MetastoreError};
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
        store.add_user(&principal()).await.unwrap();
        let link = store.new_sign_in_link("administrator").await.unwrap();
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
        let first = store.new_sign_in_link("administrator").await.unwrap();
        let second = store.new_sign_in_link("administrator").await.unwrap();
        assert_ne!(first, second);
        assert_eq!(store.sign_in(&first).await.unwrap(), None);
        assert!(store.sign_in(&second).await.unwrap().is_some());
    });
}

#[test]
fn session_holds_the_person_as_they_are_now() {
    on_both(|store: Metastore| async move {
        store.add_user(&principal()).await.unwrap();
        let link = store.new_sign_in_link("administrator").await.unwrap();
        let session = store.sign_in(&link).await.unwrap().unwrap();
        let filiais = BTreeMap::from([("filiais".to_owned(), vec!["Curitiba".to_owned()])]);
        let changed = Principal { roles: vec!["leitor".to_owned()], attributes: filiais, ..principal() };
        store.change_user(&changed).await.unwrap();
        assert_eq!(store.principal(&session).await.unwrap(), Some(changed.clone()));
        assert_eq!(store.users().await.unwrap(), [changed]);
        store.remove_user("administrator").await.unwrap();
        assert_eq!(store.principal(&session).await.unwrap(), None);
        assert_eq!(store.users().await.unwrap(), []);
    });
}

#[test]
fn id_of_somebody_who_was_removed_is_not_given_again() {
    on_both(|store: Metastore| async move {
        store.add_user(&principal()).await.unwrap();
        assert!(matches!(store.add_user(&principal()).await, Err(MetastoreError::Exists { .. })));
        store.remove_user("administrator").await.unwrap();
        assert!(matches!(store.add_user(&principal()).await, Err(MetastoreError::Exists { .. })));
        assert!(matches!(store.change_user(&principal()).await, Err(MetastoreError::Missing { .. })));
        assert!(matches!(store.remove_user("administrator").await, Err(MetastoreError::Missing { .. })));
    });
}
