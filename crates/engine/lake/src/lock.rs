//! The lock that lets one process at a time write to a lake.
//!
//! Within the process each table has its own lock (`table`). Invariant: the operating system releases it when the
//! process dies.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::LakeError;

/// Held by the process as long as any of its writes is at work.
#[derive(Debug)]
pub(crate) struct WriteLock {
    path: PathBuf,
    wait: Duration,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    holders: Mutex<usize>,
}

/// The right to write, until dropped.
#[derive(Debug)]
pub(crate) struct WritePermit {
    state: Arc<State>,
}

impl WriteLock {
    pub(crate) fn open(dir: &Path, wait: Duration) -> Result<Self, LakeError> {
        let path = dir.join(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| LakeError::Folder { path: path.clone(), source })?;
        let state = State { file, holders: Mutex::new(0) };
        Ok(Self { path: dir.to_path_buf(), wait, state: Arc::new(state) })
    }

    /// Waits while another process writes, at most as long as the options say.
    pub(crate) async fn acquire(&self) -> Result<WritePermit, LakeError> {
        let start = Instant::now();
        loop {
            match self.state.try_hold() {
                Ok(()) => return Ok(WritePermit { state: self.state.clone() }),
                Err(TryLockError::WouldBlock) if start.elapsed() < self.wait => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(TryLockError::WouldBlock) => return Err(LakeError::Busy { path: self.path.clone() }),
                Err(TryLockError::Error(source)) => {
                    return Err(LakeError::Folder { path: self.path.clone(), source });
                }
            }
        }
    }
}

impl State {
    fn try_hold(&self) -> Result<(), TryLockError> {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if *holders == 0 {
            self.file.try_lock()?;
        }
        *holders += 1;
        Ok(())
    }
}

impl Drop for WritePermit {
    fn drop(&mut self) {
        let mut holders = self.state.holders.lock().unwrap_or_else(PoisonError::into_inner);
        *holders -= 1;
        if *holders == 0
            && let Err(error) = self.state.file.unlock()
        {
            tracing::warn!(%error, "could not release the lake's write lock; other processes wait until this one ends");
        }
    }
}
