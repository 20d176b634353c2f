//! Links, sessions, passwords, second steps and the first run.

use crate::places::on_both;
use contract::Principal;
use metastore::sessions::Device;
use metastore::set_up::First;
use metastore::settings::Workspace;
use metastore::sign_in::Purpose;
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

fn ana() -> Principal {
    Principal {
        id: "ana".to_owned(),
        name: "Ana".to_owned(),
        roles: vec!["leitor".to_owned()],
        ..principal()
    }
}

fn device() -> Device {
    Device { agent: "Firefox".to_owned(), address: "10.0.0.7".to_owned() }
}

/// Who holds a session.
async fn held(store: &Metastore, session: &str) -> Option<Principal> {
    store.holder(session, "10.0.0.7").await.unwrap().map(|(principal, _)| principal)
}

#[test]
fn sign_in_link_works_once() {
    on_both(|store: Metastore| async move {
        store.add_user(&principal()).await.unwrap();
        let link = store.new_link("administrator", Purpose::SignIn).await.unwrap();
        let session = store.sign_in(&link, &device()).await.unwrap().unwrap();
        assert_eq!(store.sign_in(&link, &device()).await.unwrap(), None);
        assert_eq!(held(&store, &session).await, Some(principal()));
        assert_eq!(held(&store, &link).await, None);
        store.sign_out(&session).await.unwrap();
        assert_eq!(held(&store, &session).await, None);
    });
}

#[test]
fn new_sign_in_link_replaces_the_unused_one() {
    on_both(|store: Metastore| async move {
        let first = store.new_link("administrator", Purpose::SignIn).await.unwrap();
        let second = store.new_link("administrator", Purpose::SignIn).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(store.sign_in(&first, &device()).await.unwrap(), None);
        assert!(store.sign_in(&second, &device()).await.unwrap().is_some());
    });
}

#[test]
fn session_holds_the_person_as_they_are_now() {
    on_both(|store: Metastore| async move {
        store.add_user(&principal()).await.unwrap();
        let link = store.new_link("administrator", Purpose::SignIn).await.unwrap();
        let session = store.sign_in(&link, &device()).await.unwrap().unwrap();
        let filiais = BTreeMap::from([("filiais".to_owned(), vec!["Curitiba".to_owned()])]);
        let changed = Principal { roles: vec!["leitor".to_owned()], attributes: filiais, ..principal() };
        store.change_user(&changed).await.unwrap();
        assert_eq!(held(&store, &session).await, Some(changed.clone()));
        assert_eq!(store.users().await.unwrap(), [changed]);
        store.remove_user("administrator").await.unwrap();
        assert_eq!(held(&store, &session).await, None);
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

#[test]
fn a_link_works_only_for_what_it_was_made_for() {
    on_both(|store: Metastore| async move {
        store.invite_user(&ana(), "ana@x.com").await.unwrap();
        let password = store.new_link("ana", Purpose::Password).await.unwrap();
        let sign_in = store.new_link("ana", Purpose::SignIn).await.unwrap();
        assert_eq!(store.sign_in(&password, &device()).await.unwrap(), None);
        assert_eq!(store.accept(&sign_in, None, "hash", &device()).await.unwrap(), None);
        assert_eq!(store.look_at_link(&sign_in, Purpose::Password).await.unwrap(), None);
        // Looking does not use it up.
        for _ in 0..2 {
            assert_eq!(
                store.look_at_link(&password, Purpose::Password).await.unwrap().as_deref(),
                Some("ana")
            );
        }
        let accepted = store.accept(&password, Some("Ana Souza"), "hash", &device()).await.unwrap();
        let session = accepted.flatten().expect("a session");
        assert_eq!(held(&store, &session).await.unwrap().name, "Ana Souza");
        assert_eq!(store.accept(&password, None, "other", &device()).await.unwrap(), None);
        // Whoever has a password needs no older way in.
        assert_eq!(store.sign_in(&sign_in, &device()).await.unwrap(), None);
        assert_eq!(store.credential("ana").await.unwrap().unwrap().password.as_deref(), Some("hash"));
    });
}

#[test]
fn another_password_ends_what_was_held_with_the_old_one() {
    on_both(|store: Metastore| async move {
        store.invite_user(&ana(), "Ana@X.com ").await.unwrap();
        store.set_password("ana", "first", None).await.unwrap();
        let here = store.begin_session("ana", &device()).await.unwrap();
        let there = store.begin_session("ana", &device()).await.unwrap();
        let (_, id) = store.holder(&here, "10.0.0.7").await.unwrap().unwrap();
        store.lock("ana", 60).await.unwrap();
        assert!(store.credential_with("ana@x.com").await.unwrap().unwrap().is_locked);
        store.set_password("ana", "second", Some(&id)).await.unwrap();
        assert!(held(&store, &here).await.is_some());
        assert_eq!(held(&store, &there).await, None);
        assert!(!store.credential_with("ANA@x.com").await.unwrap().unwrap().is_locked);
        store.lock("ana", 0).await.unwrap();
        assert!(
            !store.credential("ana").await.unwrap().unwrap().is_locked,
            "a lock that is over locks nobody"
        );
        store.add_user(&principal()).await.unwrap();
        let without_email = store.set_password("administrator", "hash", None).await;
        assert!(matches!(without_email, Err(MetastoreError::Missing { .. })));
    });
}

#[test]
fn one_ends_ones_own_sessions_and_nobody_elses() {
    on_both(|store: Metastore| async move {
        store.add_user(&principal()).await.unwrap();
        store.add_user(&ana()).await.unwrap();
        let begin = async |user: &str| store.begin_session(user, &device()).await.unwrap();
        let (first, second, other) = (begin("ana").await, begin("ana").await, begin("administrator").await);
        let sessions = store.sessions(Some("ana")).await.unwrap();
        assert_eq!(sessions.len(), 2);
        assert!(sessions.iter().all(|session| session.device == device() && session.user == "ana"));
        assert_eq!(store.sessions(None).await.unwrap().len(), 3);
        let (_, id) = store.holder(&other, "").await.unwrap().unwrap();
        assert!(matches!(store.end_session("ana", &id).await, Err(MetastoreError::Missing { .. })));
        let (_, id) = store.holder(&first, "10.0.0.9").await.unwrap().unwrap();
        let moved = store.sessions(Some("ana")).await.unwrap();
        assert!(moved.iter().any(|session| session.id == id && session.device.address == "10.0.0.9"));
        store.end_session("ana", &id).await.unwrap();
        assert_eq!(held(&store, &first).await, None);
        store.end_sessions("ana", None).await.unwrap();
        assert_eq!(held(&store, &second).await, None);
        assert!(held(&store, &other).await.is_some());
    });
}

#[test]
fn an_email_belongs_to_one_person_until_they_are_removed() {
    on_both(|store: Metastore| async move {
        store.invite_user(&ana(), "ana@x.com").await.unwrap();
        let other = Principal { id: "ana-2".to_owned(), ..ana() };
        assert!(matches!(store.invite_user(&other, "ANA@x.com").await, Err(MetastoreError::Exists { .. })));
        assert_eq!(store.user("ana-2").await.unwrap(), None, "nothing is left of a person who was not added");
        store.invite_user(&other, "outra@x.com").await.unwrap();
        assert!(matches!(store.set_email("ana-2", "ana@x.com").await, Err(MetastoreError::Exists { .. })));
        let link = store.new_link("ana", Purpose::Password).await.unwrap();
        let session = store.begin_session("ana", &device()).await.unwrap();
        store.remove_user("ana").await.unwrap();
        assert_eq!(store.look_at_link(&link, Purpose::Password).await.unwrap(), None);
        assert_eq!(held(&store, &session).await, None);
        assert!(store.sessions(Some("ana")).await.unwrap().is_empty());
        store.set_email("ana-2", "ana@x.com").await.unwrap();
        assert_eq!(store.credential_with("ana@x.com").await.unwrap().unwrap().user, "ana-2");
    });
}

#[test]
fn a_code_is_taken_once_and_a_recovery_code_instead() {
    on_both(|store: Metastore| async move {
        store.invite_user(&ana(), "ana@x.com").await.unwrap();
        store.set_password("ana", "hash", None).await.unwrap();
        assert_eq!(store.second_step("ana").await.unwrap(), None);
        assert!(!store.take_step("ana", 9).await.unwrap(), "there is no second step yet");
        let codes = ["aaaa".to_owned(), "bbbb".to_owned()];
        store.set_second_step("ana", "SECRET", 7, &codes).await.unwrap();
        assert_eq!(store.second_step("ana").await.unwrap().as_deref(), Some("SECRET"));
        assert!(store.credential("ana").await.unwrap().unwrap().has_second_step);
        // The one that set it up is taken, and with a later one all before it.
        for (step, is_taken) in [(7, false), (9, true), (9, false), (8, false), (10, true)] {
            assert_eq!(store.take_step("ana", step).await.unwrap(), is_taken, "{step}");
        }
        for (code, is_taken) in [("cccc", false), ("aaaa", true), ("aaaa", false)] {
            assert_eq!(store.take_recovery_code("ana", code).await.unwrap(), is_taken, "{code}");
        }
        assert!(!store.take_recovery_code("eva", "bbbb").await.unwrap());
        assert_eq!(store.recovery_codes_left("ana").await.unwrap(), 1);
        // A link for another password is not a way around it.
        let link = store.new_link("ana", Purpose::Password).await.unwrap();
        assert_eq!(store.accept(&link, None, "other", &device()).await.unwrap(), Some(None));
        let half = store.new_link("ana", Purpose::SecondStep).await.unwrap();
        assert_eq!(store.sign_in(&half, &device()).await.unwrap(), None);
        let session = store.finish_sign_in(&half, &device()).await.unwrap().unwrap();
        assert_eq!(store.finish_sign_in(&half, &device()).await.unwrap(), None);
        assert!(held(&store, &session).await.is_some());
        store.remove_second_step("ana").await.unwrap();
        assert_eq!(store.second_step("ana").await.unwrap(), None);
        assert_eq!(store.recovery_codes_left("ana").await.unwrap(), 0);
    });
}

#[test]
fn a_workspace_is_set_up_once_and_only_while_nobody_is_in_it() {
    on_both(|store: Metastore| async move {
        let (person, workspace) =
            (principal(), Workspace { company: "Aurora".to_owned(), ..Workspace::default() });
        let first = First { person: &person, email: "rosa@x.com", password: "hash" };
        let set_up = async |token: &str| store.set_up(token, &workspace, &first, &device()).await.unwrap();
        assert_eq!(set_up("0").await, None);
        let (earlier, link) =
            (store.new_set_up_link().await.unwrap(), store.new_set_up_link().await.unwrap());
        assert!(!store.may_set_up(&earlier).await.unwrap() && store.may_set_up(&link).await.unwrap());
        let session = set_up(&link).await.expect("a session");
        assert_eq!(held(&store, &session).await, Some(principal()));
        assert_eq!(store.workspace().await.unwrap().company, "Aurora");
        let link = store.new_set_up_link().await.unwrap();
        assert!(!store.may_set_up(&link).await.unwrap());
        assert_eq!(set_up(&link).await, None);
    });
}
