//! Uploads on the disk: `<data>/uploads/<hash>/content`, with what the person called it beside.
//!
//! Looks into none (`connect`). Invariant: a folder of uploads holds whole files only; what is broken off or refused leaves nothing behind.

use anyhow::Result;
use contract::uploads::{MOST_BYTES, Refusal};
use metastore::sources::SourceRow;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

/// Uploads that became no source are kept so long: somebody may be at lunch.
const KEPT: Duration = Duration::from_secs(2 * 24 * 3600);
/// Characters of a file's name that are kept.
const LONGEST_NAME: usize = 120;

/// The folder of uploads.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// An upload that lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Hexadecimal SHA-256 of its content.
    pub id: String,
    /// What the person called it.
    pub file: String,
    pub bytes: u64,
    pub path: PathBuf,
}

/// An upload that is still coming.
pub struct Incoming {
    temporary: NamedTempFile,
    file: tokio::fs::File,
    hash: Sha256,
    bytes: u64,
}

impl Store {
    pub fn new(folder: PathBuf) -> Store {
        Store { folder }
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn begin(&self) -> Result<Incoming> {
        std::fs::create_dir_all(&self.folder)?;
        let temporary = NamedTempFile::new_in(&self.folder)?;
        let file = tokio::fs::File::from_std(temporary.reopen()?);
        Ok(Incoming { temporary, file, hash: Sha256::new(), bytes: 0 })
    }

    /// The upload of that id, which comes from outside.
    pub fn find(&self, id: &str) -> Option<Kept> {
        let is_hash = id.len() == 64 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let path = is_hash.then(|| connect::sources::sheet::path_of(&self.folder, id))?;
        let bytes = std::fs::metadata(&path).ok()?.len();
        let file = std::fs::read_to_string(self.folder.join(id).join("name")).ok()?;
        Some(Kept { id: id.to_owned(), file, bytes, path })
    }

    /// Removes an upload.
    pub fn remove(&self, id: &str) {
        if self.find(id).is_some()
            && let Err(error) = std::fs::remove_dir_all(self.folder.join(id))
        {
            tracing::warn!(id, %error, "an upload could not be removed");
        }
    }

    /// Removes uploads that nobody came back to; `used` are those that sources are made of.
    pub fn sweep(&self, used: &BTreeSet<String>) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let id = entry.file_name().to_string_lossy().into_owned();
            let age = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            let age = age.and_then(|at| SystemTime::now().duration_since(at).ok());
            if !used.contains(&id) && age.is_some_and(|age| age > KEPT) {
                self.remove(&id);
            }
        }
    }
}

impl Incoming {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// `TooLarge`; a disk that is full is a failure of ours.
    pub async fn add(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        self.bytes += chunk.len() as u64;
        if self.bytes > MOST_BYTES {
            return Err(Refusal::TooLarge);
        }
        self.hash.update(chunk);
        self.file.write_all(chunk).await.map_err(|error| failed(&error))
    }

    /// Keeps the whole file under the hash of its content.
    ///
    /// # Errors
    /// `Empty`, and what the disk says.
    pub async fn keep(mut self, store: &Store, name: &str) -> Result<Kept, Refusal> {
        if self.bytes == 0 {
            return Err(Refusal::Empty);
        }
        self.file.flush().await.map_err(|error| failed(&error))?;
        self.file.sync_all().await.map_err(|error| failed(&error))?;
        let mut id = String::with_capacity(64);
        for byte in self.hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        let folder = store.folder.join(&id);
        std::fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
        std::fs::write(folder.join("name"), plain_name(name)).map_err(|error| failed(&error))?;
        let path = connect::sources::sheet::path_of(&store.folder, &id);
        self.temporary.persist(&path).map_err(|error| failed(&error.error))?;
        store.find(&id).ok_or_else(|| failed(&std::io::Error::other("it is gone again")))
    }
}

/// Contents that sources are made of.
pub fn contents(sources: &[SourceRow]) -> BTreeSet<String> {
    let files = sources.iter().filter_map(|row| row.params["files"].as_array()).flatten();
    files.filter_map(|file| file["content"].as_str().map(str::to_owned)).collect()
}

fn failed(error: &std::io::Error) -> Refusal {
    tracing::error!(%error, "an upload could not be kept");
    let said = "the file could not be kept; check that the data folder has free space and can be written to";
    Refusal::Failure(contract::Failure::new(contract::failure::FailureKind::Internal, said))
}

/// The last part of a name that comes from a browser, without what no name has.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    if plain.trim().is_empty() { "planilha".to_owned() } else { plain.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn kept(store: &Store, name: &str, content: &[u8]) -> Result<Kept, Refusal> {
        let mut incoming = store.begin().unwrap();
        incoming.add(content).await?;
        incoming.keep(store, name).await
    }

    fn entries(store: &Store) -> usize {
        std::fs::read_dir(&store.folder).unwrap().count()
    }

    #[tokio::test]
    async fn upload_is_kept_by_its_content_and_found_by_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("uploads"));
        let first = kept(&store, "C:\\Vendas\\maio\u{7}.csv", b"a;b\n1;2\n").await.unwrap();
        assert_eq!((first.file.as_str(), first.bytes), ("maio.csv", 8));
        assert_eq!(std::fs::read(&first.path).unwrap(), b"a;b\n1;2\n");
        let again = kept(&store, "../../etc/passwd", b"a;b\n1;2\n").await.unwrap();
        assert_eq!((again.id.as_str(), again.file.as_str()), (first.id.as_str(), "passwd"));
        assert_eq!(entries(&store), 1);
        for id in ["", "..", "../uploads", &first.id.to_uppercase(), &first.id[..63]] {
            assert_eq!(store.find(id), None, "{id}");
        }
        store.remove(&first.id);
        assert_eq!(entries(&store), 0);
    }

    #[tokio::test]
    async fn what_is_empty_too_large_or_broken_off_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        assert_eq!(kept(&store, "a.csv", b"").await, Err(Refusal::Empty));
        let mut incoming = store.begin().unwrap();
        incoming.bytes = MOST_BYTES;
        assert_eq!(incoming.add(b"x").await, Err(Refusal::TooLarge));
        drop(incoming);
        let mut incoming = store.begin().unwrap();
        incoming.add(b"half").await.unwrap();
        drop(incoming);
        assert_eq!(entries(&store), 0);
    }

    #[tokio::test]
    async fn sweep_spares_what_is_new_or_used() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        let new = kept(&store, "new.csv", b"1").await.unwrap();
        let used = kept(&store, "used.csv", b"2").await.unwrap();
        let old = kept(&store, "old.csv", b"3").await.unwrap();
        for kept in [&used, &old] {
            let dir = std::fs::File::open(folder.path().join(&kept.id)).unwrap();
            dir.set_modified(SystemTime::now() - KEPT - Duration::from_secs(60)).unwrap();
        }
        store.sweep(&BTreeSet::from([used.id.clone()]));
        assert!(store.find(&new.id).is_some() && store.find(&used.id).is_some());
        assert_eq!(store.find(&old.id), None);
    }
}
