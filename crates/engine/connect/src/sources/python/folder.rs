//! A folder for one run of a connector: its configuration, catalog and state, its home, its temporary files.
//!
//! Invariant: the folder is its owner's alone, and goes when the run ends; what a crash of the machine leaves is removed by the next run.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";

/// A folder that exists as long as this does.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held, so that others know that somebody uses it.
    _lock: File,
}

impl Folder {
    /// A new folder below `place`.
    pub fn new(place: &Path) -> io::Result<Folder> {
        DirBuilder::new().recursive(true).mode(0o700).create(place)?;
        sweep(place);
        let path = place.join(uuid::Uuid::now_v7().to_string());
        DirBuilder::new().mode(0o700).create(&path)?;
        let lock = private(&path.join(LOCK))?;
        lock.lock()?;
        DirBuilder::new().mode(0o700).create(path.join("home"))?;
        Ok(Folder { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    /// A file with this content, readable by its owner alone; its absolute path.
    pub fn write(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        private(&path)?.write_all(content.as_bytes())?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The guard of the process removes it too; whoever comes second finds nothing.
        drop(std::fs::remove_dir_all(&self.path));
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Removes the folders that nobody holds any more.
fn sweep(place: &Path) {
    let Ok(folders) = std::fs::read_dir(place) else { return };
    for folder in folders.flatten().map(|entry| entry.path()) {
        let Ok(lock) = OpenOptions::new().write(true).open(folder.join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            drop(std::fs::remove_dir_all(&folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folders_are_private_and_what_nobody_holds_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let held = Folder::new(place.path()).unwrap();
        let file = held.write("config.json", "{}").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(held.path())), (0o600, 0o700));
        let left = place.path().join("left");
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join(LOCK), "").unwrap();
        let other = Folder::new(place.path()).unwrap();
        assert!(!left.exists() && held.path().exists());
        let path = other.path().to_owned();
        drop(other);
        assert!(!path.exists() && file.exists());
    }
}
