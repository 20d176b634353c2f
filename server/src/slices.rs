//! Slices in memory: built when somebody first asks for one, and shared by all who see the same rows.
//!
//! Knows no HTTP. Invariant: a slice belongs to an edition and to what its reader may see, and bytes are given only to those who may see them,
//! however well they know their names.

use crate::reader::{OpenEdition, internal};
use contract::{Failure, Principal};
use lake::Sight;
use query::slices::{SlicingError, Title, slice};
use slice::{Built, Id};
use std::sync::Arc;

/// Bytes of slices that are kept; beyond it, those that nobody asked for lately are built anew when they are.
const KEPT_BYTES: u64 = 128 << 20;

/// The edition, what its reader may see (`None` is everything), and the fact.
type Key = (u64, Option<Arc<Sight>>, usize);

/// A fact without a slice is remembered as none.
type Held = Option<Arc<Built>>;

pub struct Store {
    slices: moka::future::Cache<Key, Held>,
}

impl Store {
    pub fn new() -> Store {
        let weight = |_: &Key, held: &Held| {
            let bytes = held.as_ref().map_or(0, |built| built.blobs.values().map(Vec::len).sum());
            u32::try_from(bytes + 64).unwrap_or(u32::MAX)
        };
        Store { slices: moka::future::Cache::builder().max_capacity(KEPT_BYTES).weigher(weight).build() }
    }

    /// The slice of a fact as this principal may see it; none when the fact cannot be sliced.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub async fn slice(
        &self,
        edition: &Arc<OpenEdition>,
        principal: &Principal,
        fact: usize,
    ) -> Result<Held, Failure> {
        let sight = edition.sight(principal);
        let key = (edition.number, sight.clone(), fact);
        let before = self.before(&key);
        let built = self.slices.try_get_with(key, build(edition, sight, fact, before)).await;
        built.map_err(|error| Failure::clone(&error))
    }

    /// A part of some slice that this principal may see, by its name.
    pub fn blob(&self, edition: &OpenEdition, principal: &Principal, id: Id) -> Option<Vec<u8>> {
        let sight = edition.sight(principal);
        self.slices
            .iter()
            .filter(|(key, _)| key.1 == sight)
            .filter_map(|(_, held)| held)
            // Dictionaries of what is only counted are no part of what a browser needs.
            .find(|built| built.manifest.needed().any(|needed| needed == id))
            .and_then(|built| built.blobs.get(&id).cloned())
    }

    /// The same slice of an earlier edition: what has not changed keeps its name.
    fn before(&self, key: &Key) -> Held {
        let earlier =
            self.slices.iter().filter(|(other, _)| other.0 < key.0 && other.1 == key.1 && other.2 == key.2);
        earlier.max_by_key(|(other, _)| other.0).and_then(|(_, held)| held)
    }
}

async fn build(
    edition: &Arc<OpenEdition>,
    sight: Option<Arc<Sight>>,
    fact: usize,
    before: Held,
) -> Result<Held, Failure> {
    let part = edition.sliced();
    if fact >= part.facts.len() {
        return Ok(None);
    }
    let session = edition.session_of(sight.as_ref());
    let name = part.facts[fact].name.clone();
    let policy = if sight.is_some() { "some" } else { "all" };
    let title = Title { fact: &name, policy, edition: edition.number };
    match slice(&session, &edition.catalogue, &part, fact, title, before.as_deref()).await {
        Ok(mut built) => {
            // Dictionaries of earlier editions are parts of this one.
            let columns = &built.manifest.columns;
            for segment in columns.iter().flat_map(|column| column.kind.dictionary()) {
                if let Some(bytes) = before.as_ref().and_then(|before| before.blobs.get(&segment.id)) {
                    built.blobs.entry(segment.id).or_insert_with(|| bytes.clone());
                }
            }
            Ok(Some(Arc::new(built)))
        }
        Err(SlicingError::Lake(error)) => Err(internal(&error)),
        Err(error) => {
            tracing::info!(fact = name, %error, "a fact has no slice; its questions go to the lake");
            Ok(None)
        }
    }
}
