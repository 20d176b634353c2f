//! Secrets at rest: sealed with AES-256-GCM under a key that does not lie in the database.
//!
//! The key is in `MIRANTE_SECRET_KEY` or in the file `secret.key` of the data folder, made at first use and readable by its owner alone.
//! Invariant: a sealed secret opens only as what it was sealed for, so that moving one row's secret into another opens nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const FILE: &str = "secret.key";
const VARIABLE: &str = "MIRANTE_SECRET_KEY";
const NONCE: usize = 12;

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the key of the secrets `{path}` cannot be read or written; check its permissions", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{place} holds no key; a key is 64 hexadecimal digits, as `openssl rand -hex 32` makes them")]
    NoKey { place: String },
    #[error("the secret of {what} was sealed with another key; put that key back, or enter the secret again")]
    OtherKey { what: String },
    #[error("the secret of {what} is damaged; enter it again")]
    Damaged { what: String },
    #[error("this machine gave no random numbers")]
    NoChance,
}

/// Seals and opens. Shows no key when printed.
#[derive(Clone)]
pub struct Vault {
    /// The one that seals first; older ones still open what they sealed.
    keys: Vec<[u8; 32]>,
    /// Where the keys lie. They are read at each use, because another process may have changed them.
    file: Option<PathBuf>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault of a data folder. Where there is no key yet, one is made.
    pub fn open_in(data: &Path) -> Result<Vault, SecretError> {
        if let Ok(text) = std::env::var(VARIABLE) {
            return Ok(Vault { keys: read(&text, VARIABLE)?, file: None });
        }
        let path = data.join(FILE);
        let failed = |source| SecretError::File { path: path.clone(), source };
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                Ok(Vault { keys: read(&text, &format!("`{}`", path.display()))?, file: Some(path.clone()) })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let keys = vec![fresh()?];
                create(data, &keys).map_err(failed)?;
                // Another process may have been a moment earlier: what lies there now is the key.
                let text = std::fs::read_to_string(&path).map_err(failed)?;
                Ok(Vault { keys: read(&text, &format!("`{}`", path.display()))?, file: Some(path.clone()) })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// A key that nobody knows, kept nowhere: for tests and for data that ends with the process.
    pub fn passing() -> Result<Vault, SecretError> {
        Ok(Vault { keys: vec![fresh()?], file: None })
    }

    /// Seals `secret` for `what`, which has to be said again to open it.
    pub fn seal(&self, what: &str, secret: &str) -> Result<String, SecretError> {
        let key = self.keys()[0];
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| SecretError::NoChance)?;
        let mut bytes = secret.as_bytes().to_vec();
        let nonce = sealing
            .seal_in_place_append_tag(Aad::from(what.as_bytes()), &mut bytes)
            .map_err(|_| SecretError::NoChance)?;
        Ok(format!("1:{}:{}{}", id(&key), hex(nonce.as_ref()), hex(&bytes)))
    }

    /// What was sealed for `what`.
    ///
    /// # Errors
    /// `OtherKey` when none of the keys sealed it, `Damaged` when it is not what was sealed, or for something else.
    pub fn open(&self, what: &str, sealed: &str) -> Result<String, SecretError> {
        let damaged = || SecretError::Damaged { what: what.to_owned() };
        let mut parts = sealed.splitn(3, ':');
        let (Some("1"), Some(by), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(damaged());
        };
        let key = self.keys().into_iter().find(|key| id(key.as_slice()) == by);
        let key = key.ok_or_else(|| SecretError::OtherKey { what: what.to_owned() })?;
        let mut bytes = unhex(body).filter(|bytes| bytes.len() > NONCE).ok_or_else(damaged)?;
        let mut rest = bytes.split_off(NONCE);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| damaged())?;
        let opening = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| damaged())?;
        let plain =
            opening.open_in_place(nonce, Aad::from(what.as_bytes()), &mut rest).map_err(|_| damaged())?;
        String::from_utf8(plain.to_vec()).map_err(|_| damaged())
    }

    /// Whether `sealed` was sealed with the newest key.
    pub fn is_fresh(&self, sealed: &str) -> bool {
        sealed.split(':').nth(1) == Some(id(&self.keys()[0]).as_str())
    }

    /// The keys as they are now. One never knows none: what was read first holds while the file cannot be read.
    fn keys(&self) -> Vec<[u8; 32]> {
        let now = self.file.as_deref().and_then(|file| read(&std::fs::read_to_string(file).ok()?, FILE).ok());
        now.unwrap_or_else(|| self.keys.clone())
    }

    /// Whether the keys come from the environment, where only the operator can change them.
    pub fn is_from_environment(&self) -> bool {
        self.file.is_none()
    }

    /// How many keys open what was sealed: more than one while a rotation is not over.
    pub fn count(&self) -> usize {
        self.keys().len()
    }

    /// Puts a key in front, a new one or one that was `given` as text, and keeps the others until [`Vault::forget_old_keys`].
    ///
    /// # Errors
    /// `NoKey` for a text that is no key.
    pub fn add_key(&mut self, data: &Path, given: Option<&str>) -> Result<(), SecretError> {
        let key = match given {
            Some(text) => read(text, "what was given")?[0],
            None => fresh()?,
        };
        let others = self.keys().into_iter().filter(|known| *known != key);
        let keys = [key].into_iter().chain(others).collect();
        self.replace(data, keys)
    }

    /// Forgets all keys but the newest; call when everything was sealed anew.
    pub fn forget_old_keys(&mut self, data: &Path) -> Result<(), SecretError> {
        let newest = self.keys()[..1].to_vec();
        self.replace(data, newest)
    }

    fn replace(&mut self, data: &Path, keys: Vec<[u8; 32]>) -> Result<(), SecretError> {
        let path = data.join(FILE);
        let replaced =
            stage(data, &keys).and_then(|staged| std::fs::rename(staged, &path)).and_then(|()| sync(data));
        replaced.map_err(|source| SecretError::File { path, source })?;
        self.keys = keys;
        Ok(())
    }
}

/// Keys as a file or a variable holds them: one per line or between commas, the sealing one first.
fn read(text: &str, place: &str) -> Result<Vec<[u8; 32]>, SecretError> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let keys: Option<Vec<[u8; 32]>> = words.map(|word| unhex(word)?.try_into().ok()).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| SecretError::NoKey { place: place.to_owned() })
}

/// Writes the keys under another name first, so that a power cut leaves all of them or none.
fn stage(data: &Path, keys: &[[u8; 32]]) -> std::io::Result<PathBuf> {
    let staged = data.join(format!(".{FILE}.{}", std::process::id()));
    drop(std::fs::remove_file(&staged));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
    for key in keys {
        writeln!(file, "{}", hex(key))?;
    }
    file.sync_all()?;
    Ok(staged)
}

/// Makes the file unless there is one: of two processes that start at once, the first wins.
fn create(data: &Path, keys: &[[u8; 32]]) -> std::io::Result<()> {
    let staged = stage(data, keys)?;
    let linked = std::fs::hard_link(&staged, data.join(FILE));
    std::fs::remove_file(&staged)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => sync(data),
    }
}

fn sync(dir: &Path) -> std::io::Result<()> {
    std::fs::File::open(if dir.as_os_str().is_empty() { Path::new(".") } else { dir })?.sync_all()
}

fn fresh() -> Result<[u8; 32], SecretError> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| SecretError::NoChance)?;
    Ok(key)
}

/// Tells keys apart without telling them.
fn id(key: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(b"mirante secret key ");
    digest.update(key);
    hex(&digest.finalize()[..4])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn sealed_opens_for_what_it_was_sealed_and_for_nothing_else() {
        let vault = Vault::passing().unwrap();
        let sealed = vault.seal("source crm", "segredo ✓").unwrap();
        assert!(!sealed.contains("segredo"));
        assert_ne!(sealed, vault.seal("source crm", "segredo ✓").unwrap(), "each time another nonce");
        assert_eq!(vault.open("source crm", &sealed).unwrap(), "segredo ✓");
        assert!(matches!(vault.open("source erp", &sealed), Err(SecretError::Damaged { .. })));
        assert!(matches!(
            Vault::passing().unwrap().open("source crm", &sealed),
            Err(SecretError::OtherKey { .. })
        ));
        let at = sealed.len() - 1;
        let touched = format!("{}{}", &sealed[..at], if sealed.ends_with('0') { '1' } else { '0' });
        for wrong in ["", "1:", "2:a:b", &sealed[..20], &touched] {
            assert!(vault.open("source crm", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn key_of_a_folder_is_made_once_and_readable_by_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let sealed = Vault::open_in(dir.path()).unwrap().seal("x", "y").unwrap();
        assert_eq!(Vault::open_in(dir.path()).unwrap().open("x", &sealed).unwrap(), "y");
        let path = dir.path().join(FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "not a key").unwrap();
        assert!(Vault::open_in(dir.path()).unwrap_err().to_string().contains("64 hexadecimal digits"));
    }

    #[test]
    fn rotation_opens_the_old_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut vault = Vault::open_in(dir.path()).unwrap();
        let old = vault.seal("x", "y").unwrap();
        vault.add_key(dir.path(), None).unwrap();
        assert!(!vault.is_fresh(&old));
        assert_eq!(Vault::open_in(dir.path()).unwrap().open("x", &old).unwrap(), "y");
        let new = vault.seal("x", "y").unwrap();
        assert!(vault.is_fresh(&new));
        let elsewhere = Vault::open_in(dir.path()).unwrap();
        vault.forget_old_keys(dir.path()).unwrap();
        assert!(
            elsewhere.is_fresh(&elsewhere.seal("x", "z").unwrap()),
            "an open vault sees what others change"
        );
        let reopened = Vault::open_in(dir.path()).unwrap();
        assert!(matches!(reopened.open("x", &old), Err(SecretError::OtherKey { .. })));
        assert_eq!(reopened.open("x", &new).unwrap(), "y");
    }
}
