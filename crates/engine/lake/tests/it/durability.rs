//! What is acknowledged was synced; what could not be synced or written is not acknowledged and leaves the table as
//! it was.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use lake::store::{Disk, RealDisk};
use lake::{Lake, LakeError, LakeOptions, LandMode, WriteMode};

use crate::rows::{ask, batch, ints, land, newest, stream, table};

/// Counts the disk's work, and fails the chosen one.
#[derive(Debug, Default)]
struct Fragile {
    writes: AtomicU64,
    file_syncs: AtomicU64,
    dir_syncs: AtomicU64,
    /// Steps that still succeed; at 0 every step fails, below 0 none does.
    left: AtomicI64,
    full: bool,
}

impl Fragile {
    fn new(full: bool) -> Arc<Self> {
        Arc::new(Self { left: AtomicI64::new(-1), full, ..Self::default() })
    }

    fn step(&self) -> io::Result<()> {
        match self.left.load(Ordering::SeqCst) {
            0 if self.full => Err(io::ErrorKind::StorageFull.into()),
            0 => Err(io::Error::other("injected I/O error")),
            left if left > 0 => {
                self.left.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Disk for Fragile {
    fn write_at(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.step()?;
        RealDisk.write_at(file, offset, bytes)
    }

    fn sync_file(&self, file: &File) -> io::Result<()> {
        self.file_syncs.fetch_add(1, Ordering::SeqCst);
        self.step()?;
        RealDisk.sync_file(file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.dir_syncs.fetch_add(1, Ordering::SeqCst);
        self.step()?;
        RealDisk.sync_dir(dir)
    }
}

async fn lake_on(dir: &Path, disk: Arc<Fragile>) -> Lake {
    Lake::open(dir, LakeOptions { disk, ..LakeOptions::default() }).await.unwrap()
}

#[tokio::test]
async fn every_file_of_a_landing_is_synced_and_so_is_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Fragile::new(false);
    let lake = lake_on(&dir.path().join("new/lake"), disk.clone()).await;
    // `new` and `lake` have their names synced in their parents.
    assert_eq!(disk.dir_syncs.load(Ordering::SeqCst), 2);
    land(&lake, "raw.t", "1", LandMode::Append, batch(vec![("id", ints(&[1]))])).await.unwrap();
    // One data file and one commit; the folders raw, t and _delta_log are new.
    assert_eq!(disk.file_syncs.load(Ordering::SeqCst), 2);
    assert_eq!(disk.dir_syncs.load(Ordering::SeqCst), 2 + 3 + 2);
    land(&lake, "raw.t", "2", LandMode::Append, batch(vec![("id", ints(&[1]))])).await.unwrap();
    assert_eq!(disk.file_syncs.load(Ordering::SeqCst), 4);
    assert_eq!(disk.dir_syncs.load(Ordering::SeqCst), 2 + 3 + 4);
    // A batch that was landed before is acknowledged only once its commit's name is surely on the disk.
    land(&lake, "raw.t", "2", LandMode::Append, batch(vec![("id", ints(&[1]))])).await.unwrap();
    assert_eq!(disk.dir_syncs.load(Ordering::SeqCst), 2 + 3 + 5);
}

/// Lands and writes with the disk failing at the n-th step, for every n, until one round gets through.
async fn fail_at_every_step(full: bool) -> u32 {
    let dir = tempfile::tempdir().unwrap();
    let disk = Fragile::new(full);
    let lake = lake_on(dir.path(), disk.clone()).await;
    let row = |id| batch(vec![("id", ints(&[id]))]);
    let merge = || LandMode::Merge { key: vec!["id".to_string()] };
    land(&lake, "raw.t", "0", LandMode::Append, row(0)).await.unwrap();
    let mut failures = 0;
    for steps in 0..100 {
        disk.left.store(steps, Ordering::SeqCst);
        let landed = land(&lake, "raw.t", "1", merge(), row(1)).await;
        disk.left.store(-1, Ordering::SeqCst);
        let count = ask(&newest(&lake).await, "SELECT count(*) FROM raw.t").await;
        match landed {
            Ok(landed) => {
                assert_eq!((landed.already, count), (false, vec!["2".to_string()]));
                return failures;
            }
            Err(error) => {
                assert_eq!(error.is_disk_full(), full, "{error:?}");
                assert!(error.to_string().contains("raw.t"), "{error}");
                assert_eq!(count, ["1"], "step {steps}: {error}");
                failures += 1;
            }
        }
    }
    panic!("the landing never got through");
}

#[tokio::test]
async fn failing_disk_at_any_step_is_not_acknowledged_and_changes_nothing() {
    assert!(
        fail_at_every_step(false).await >= 6,
        "write, sync and folder sync of a data file and of a commit"
    );
}

#[tokio::test]
async fn full_disk_at_any_step_is_said_so_and_the_next_landing_works() {
    assert!(fail_at_every_step(true).await >= 6);
}

#[tokio::test]
async fn full_disk_while_a_model_is_written_keeps_the_old_version() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Fragile::new(true);
    let lake = lake_on(dir.path(), disk.clone()).await;
    let rows = |ids: &[i64]| stream(batch(vec![("id", ints(ids))]));
    lake.write(&table("marts.m"), rows(&[1]), WriteMode::Replace).await.unwrap();
    disk.left.store(1, Ordering::SeqCst);
    let error = lake.write(&table("marts.m"), rows(&[2]), WriteMode::Replace).await.unwrap_err();
    assert!(matches!(&error, LakeError::DiskFull { .. }), "{error:?}");
    disk.left.store(-1, Ordering::SeqCst);
    assert_eq!(ask(&newest(&lake).await, "SELECT id FROM m").await, ["1"]);
    assert_eq!(lake.write(&table("marts.m"), rows(&[3]), WriteMode::Replace).await.unwrap(), 1);
}

#[tokio::test]
async fn second_process_waits_while_the_first_writes_and_then_says_so() {
    let dir = tempfile::tempdir().unwrap();
    // Two lakes over one folder have two handles of the lock file, as two processes have.
    let first = crate::rows::open(dir.path()).await;
    let hasty = LakeOptions { lock_wait: std::time::Duration::from_millis(60), ..LakeOptions::default() };
    let second = Lake::open(dir.path(), hasty).await.unwrap();
    let rows = batch(vec![("id", ints(&[1]))]);
    let (go_on, waiting) = futures::channel::oneshot::channel::<()>();
    let schema = rows.schema();
    let slow = futures::stream::once(async move {
        waiting.await?;
        Ok(batch(vec![("id", ints(&[1]))]))
    });
    let landing = lake::Landing {
        table: table("raw.slow"),
        batch_id: "1".to_string(),
        once: true,
        bookmark: None,
        anew: false,
        mode: LandMode::Append,
        schema,
        rows: futures::StreamExt::boxed(slow),
    };
    let writer = tokio::spawn(async move { first.land(landing).await });
    tokio::task::yield_now().await;
    let error = land(&second, "raw.t", "1", LandMode::Append, rows.clone()).await.unwrap_err();
    assert!(matches!(&error, LakeError::Busy { .. }), "{error:?}");
    go_on.send(()).unwrap();
    assert_eq!(writer.await.unwrap().unwrap().rows, 1);
    land(&second, "raw.t", "1", LandMode::Append, rows).await.unwrap();
}
