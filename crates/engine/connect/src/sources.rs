//! The kinds of sources: one line here and one file in `sources/` per kind.
//!
//! Does not read anything. Invariant: settings are checked before a source exists.

pub mod files;
pub mod ploomes;
pub mod sap_b1;
pub mod sql;
pub mod webhook;
pub mod whatsapp;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use contract::sources::SourceKind;

use crate::egress::Egress;
use crate::errors::ConnectError;
use crate::inbox::{Inbox, Inboxes};
use crate::manners::{Manners, Pace};
use crate::settings::Settings;
use crate::source::Source;

/// The kinds that `open` knows.
pub const KINDS: [&str; 6] = ["files", "ploomes", "sap_b1", "sql", "webhook", "whatsapp"];

/// The kinds that declare what they have to be told; `files` has a form of its own.
pub fn kinds() -> Vec<SourceKind> {
    vec![ploomes::kind(), sap_b1::kind(), sql::kind(), webhook::kind(), whatsapp::kind()]
}

/// What sources share: whom they may call, how fast each of them asks, from one sync to the next, and what was sent to them. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    pub egress: Egress,
    /// Where deliveries of systems that call us lie; without it there are none.
    pub inboxes: Option<Inboxes>,
    paces: Arc<Mutex<HashMap<String, Pace>>>,
}

impl Surroundings {
    pub fn new(egress: Egress) -> Surroundings {
        Surroundings { egress, inboxes: None, paces: Arc::default() }
    }

    /// Keeps deliveries there.
    #[must_use]
    pub fn with_inboxes(self, inboxes: Inboxes) -> Surroundings {
        Surroundings { inboxes: Some(inboxes), ..self }
    }

    pub(crate) fn inbox(&self, source: &str) -> Option<Arc<Inbox>> {
        self.inboxes.as_ref().map(|inboxes| inboxes.of(source))
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
        "ploomes" => ploomes::open(name, &Settings::read(&ploomes::kind(), name, settings)?, surroundings),
        "sap_b1" => sap_b1::open(name, Settings::read(&sap_b1::kind(), name, settings)?, surroundings),
        "sql" => sql::open(name, &Settings::read(&sql::kind(), name, settings)?, surroundings),
        "webhook" => webhook::open(name, &Settings::read(&webhook::kind(), name, settings)?, surroundings),
        "whatsapp" => whatsapp::open(name, &Settings::read(&whatsapp::kind(), name, settings)?, surroundings),
        _ => Err(ConnectError::UnknownKind { kind: kind.to_owned(), known: KINDS.join(", ") }),
    }
}
