//! The kinds of sources: one line here and one file in `sources/` per kind.
//!
//! Does not read anything. Invariant: settings are checked before a source exists.

pub mod airbyte;
pub mod files;
pub mod http_json;
pub mod ploomes;
mod python;
pub mod sap_b1;
pub mod sheet;
pub mod singer;
pub mod sql;
pub mod webhook;
pub mod whatsapp;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use contract::sources::SourceKind;

use crate::clock::Clock;
use crate::egress::Egress;
use crate::errors::ConnectError;
use crate::inbox::{Inbox, Inboxes};
use crate::keeping::SettingsKeeper;
use crate::manners::{Manners, Pace};
use crate::settings::Settings;
use crate::source::Source;

/// The kinds that `open` knows.
pub const KINDS: [&str; 10] =
    ["files", "airbyte", "http_json", "ploomes", "sap_b1", "sheet", "singer", "sql", "webhook", "whatsapp"];

/// The kinds that declare what they have to be told, those with a system of their own first; `files` and `sheet` have forms of
/// their own.
pub fn kinds() -> Vec<SourceKind> {
    vec![
        ploomes::kind(),
        sap_b1::kind(),
        whatsapp::kind(),
        sql::kind(),
        http_json::kind(),
        webhook::kind(),
        airbyte::kind(),
        singer::kind(),
    ]
}

/// What sources share: whom they may call, how fast each of them asks, from one sync to the next, what was sent to them, and where they may
/// keep what. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    pub egress: Egress,
    /// Where deliveries of systems that call us lie; without it there are none.
    pub inboxes: Option<Inboxes>,
    paces: Arc<Mutex<HashMap<String, Pace>>>,
    folder: Option<PathBuf>,
    uploads: Option<PathBuf>,
    keeper: Option<Arc<dyn SettingsKeeper>>,
    pub(crate) clock: Clock,
}

impl Surroundings {
    pub fn new(egress: Egress) -> Surroundings {
        Surroundings { egress, ..Surroundings::default() }
    }

    /// Keeps deliveries there.
    #[must_use]
    pub fn with_inboxes(self, inboxes: Inboxes) -> Surroundings {
        Surroundings { inboxes: Some(inboxes), ..self }
    }

    pub(crate) fn inbox(&self, source: &str) -> Option<Arc<Inbox>> {
        self.inboxes.as_ref().map(|inboxes| inboxes.of(source))
    }

    /// Connectors are installed in this folder, and records wait there until they are landed.
    #[must_use]
    pub fn in_folder(self, folder: impl Into<PathBuf>) -> Surroundings {
        Surroundings { folder: Some(folder.into()), ..self }
    }

    /// Days begin and end as they do in this zone; otherwise in São Paulo's.
    #[must_use]
    pub fn in_zone(self, zone: chrono_tz::Tz) -> Surroundings {
        Surroundings { clock: Clock::Zone(zone), ..self }
    }

    /// What a system changes of a source's settings is kept by `keeper`.
    #[must_use]
    pub fn kept_by(self, keeper: Arc<dyn SettingsKeeper>) -> Surroundings {
        Surroundings { keeper: Some(keeper), ..self }
    }

    /// What people upload lies in this folder.
    #[must_use]
    pub fn with_uploads(self, folder: impl Into<PathBuf>) -> Surroundings {
        Surroundings { uploads: Some(folder.into()), ..self }
    }

    pub fn uploads(&self) -> Option<&Path> {
        self.uploads.as_deref()
    }

    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub fn keeper(&self) -> Option<Arc<dyn SettingsKeeper>> {
        self.keeper.clone()
    }

    /// The pace of a source's account. Other manners start it anew.
    pub fn pace(&self, source: &str, manners: Manners) -> Pace {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        match paces.get(source).filter(|pace| pace.manners() == manners) {
            Some(pace) => pace.clone(),
            None => {
                let pace = Pace::new(manners);
                paces.insert(source.to_owned(), pace.clone());
                pace
            }
        }
    }
}

/// Opens a source of a kind with its name and its settings as JSON (`files`: `{"dir": "…", "options": {…}}`). Calls nobody yet.
pub fn open(
    kind: &str,
    name: &str,
    settings: &serde_json::Value,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    match kind {
        "files" => Ok(Arc::new(files::FilesSource::from_settings(name, settings)?)),
        "http_json" => {
            http_json::open(name, &Settings::read(&http_json::kind(), name, settings)?, surroundings)
        }
        "sheet" => sheet::open(name, settings, surroundings),
        "ploomes" => ploomes::open(name, &Settings::read(&ploomes::kind(), name, settings)?, surroundings),
        "sap_b1" => sap_b1::open(name, Settings::read(&sap_b1::kind(), name, settings)?, surroundings),
        "sql" => sql::open(name, &Settings::read(&sql::kind(), name, settings)?, surroundings),
        "webhook" => webhook::open(name, &Settings::read(&webhook::kind(), name, settings)?, surroundings),
        "whatsapp" => whatsapp::open(name, &Settings::read(&whatsapp::kind(), name, settings)?, surroundings),
        "airbyte" => airbyte::open(name, &Settings::read(&airbyte::kind(), name, settings)?, surroundings),
        "singer" => singer::open(name, &Settings::read(&singer::kind(), name, settings)?, surroundings),
        _ => Err(ConnectError::UnknownKind { kind: kind.to_owned(), known: KINDS.join(", ") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_declared_can_be_opened_and_speak_both_languages() {
        let declared: Vec<String> = kinds().into_iter().map(|kind| kind.kind).collect();
        assert!(
            KINDS
                .iter()
                .all(|kind| matches!(*kind, "files" | "sheet") || declared.iter().any(|known| known == kind))
        );
        assert_eq!(KINDS.len(), declared.len() + 2);
        for kind in kinds() {
            let labels = kind.parameters.iter().flat_map(|parameter| [&parameter.label, &parameter.help]);
            for label in labels.chain([&kind.title, &kind.about]) {
                let is_said = |text: &String| !text.is_empty();
                assert!(
                    is_said(&label.pt) && label.en.as_ref().is_some_and(is_said),
                    "{}: {label:?}",
                    kind.kind
                );
            }
        }
    }

    #[test]
    fn what_is_secret_is_declared_as_such_and_nothing_else() {
        let secrets = |kind: &SourceKind| -> Vec<String> {
            kind.parameters.iter().filter(|it| it.is_secret()).map(|it| it.name.clone()).collect()
        };
        let found: Vec<(String, Vec<String>)> =
            kinds().iter().map(|kind| (kind.kind.clone(), secrets(kind))).collect();
        let expected: [(&str, &[&str]); 8] = [
            ("ploomes", &["user_key"]),
            ("sap_b1", &["password"]),
            ("whatsapp", &["app_secret", "verify_token", "access_token"]),
            ("sql", &["password"]),
            ("http_json", &["secret"]),
            ("webhook", &["secret", "former_secret"]),
            ("airbyte", &["config"]),
            ("singer", &["config"]),
        ];
        let expected: Vec<(String, Vec<String>)> = expected
            .iter()
            .map(|(kind, names)| ((*kind).to_owned(), names.iter().map(|&name| name.to_owned()).collect()))
            .collect();
        assert_eq!(found, expected);
    }
}
