//! A local object store that answers only when the bytes will survive a power cut.
//!
//! The stock store of `object_store` never syncs: a power cut leaves zero-byte commits behind that read as an older
//! table. Here a put, rename or copy syncs the file, gives it its name, then syncs the folder. Does not know Delta.
//! Invariant: no name is ever given to unsynced bytes.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use deltalake::logstore::{ObjectStoreFactory, ObjectStoreRef, StorageConfig, object_store_factories};
use deltalake::{DeltaResult, DeltaTableError};
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    RenameTargetMode, Result,
};

use upload::Upload;

mod upload;

/// The operations whose failure must never be acknowledged. Tests put one here that counts, or that fails on purpose.
pub trait Disk: std::fmt::Debug + Send + Sync + 'static {
    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns when the bytes and length of `file` are on the disk.
    fn sync_file(&self, file: &File) -> io::Result<()>;
    /// Returns when the names in the folder are on the disk.
    fn sync_dir(&self, dir: &FsPath) -> io::Result<()>;
}

/// The machine's own disk.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write_at(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
    }

    fn sync_file(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn sync_dir(&self, dir: &FsPath) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

/// Makes `dir` and its missing parents, and syncs each new folder's name in its parent.
pub(crate) fn make_dirs(disk: &dyn Disk, dir: &FsPath) -> io::Result<()> {
    if dir.is_dir() || dir.as_os_str().is_empty() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        make_dirs(disk, parent)?;
    }
    match std::fs::create_dir(dir) {
        Ok(()) => {}
        // Another writer made it at the same moment; its name may not be synced yet, so sync it here too.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => disk.sync_dir(parent),
        _ => disk.sync_dir(FsPath::new(".")),
    }
}

/// A durable `file://` store, rooted at `/`.
#[derive(Debug)]
pub struct DurableStore {
    inner: LocalFileSystem,
    writer: Arc<Writer>,
}

/// What puts and uploads need to give a file its name durably.
#[derive(Debug)]
struct Writer {
    disk: Arc<dyn Disk>,
    /// Set when a folder could not be synced and the name could not be taken back: nobody knows what a power cut
    /// would leave.
    poisoned: AtomicBool,
    staged: AtomicU64,
}

impl DurableStore {
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        let writer = Writer { disk, poisoned: AtomicBool::new(false), staged: AtomicU64::new(0) };
        Self { inner: LocalFileSystem::new(), writer: Arc::new(writer) }
    }

    fn target(&self, location: &Path) -> Result<PathBuf> {
        self.inner.path_to_filesystem(location)
    }
}

impl std::fmt::Display for DurableStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DurableStore")
    }
}

impl Writer {
    /// A new, empty file beside `target` that listings do not show (`<target>#<number>`).
    fn stage(&self, target: &FsPath) -> io::Result<(File, PathBuf)> {
        if self.poisoned.load(Ordering::Acquire) {
            return Err(io::Error::other(
                "a folder could not be synced earlier; check the disk, then restart",
            ));
        }
        if let Some(parent) = target.parent() {
            make_dirs(self.disk.as_ref(), parent)?;
        }
        let pid = u64::from(std::process::id());
        loop {
            let number = pid * 1_000_000 + self.staged.fetch_add(1, Ordering::Relaxed) % 1_000_000;
            let mut name = target.as_os_str().to_owned();
            name.push(format!("#{number}"));
            let staged = PathBuf::from(name);
            match File::options().read(true).write(true).create_new(true).open(&staged) {
                Ok(file) => return Ok((file, staged)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Syncs the staged file, gives it the name `target`, syncs the folder. With `create`, an existing target is an
    /// error and stays.
    fn publish(&self, file: &File, staged: &FsPath, target: &FsPath, create: bool) -> io::Result<()> {
        let outcome = self.disk.sync_file(file).and_then(|()| {
            if create { std::fs::hard_link(staged, target) } else { std::fs::rename(staged, target) }
        });
        if create || outcome.is_err() {
            // The staged name is of no more use; left behind, upkeep removes it.
            drop(std::fs::remove_file(staged));
        }
        outcome?;
        self.sync_name(target)
    }

    /// Syncs the folder of a name that was just given; takes the name back when that fails, so that nobody reads what
    /// may vanish.
    fn sync_name(&self, target: &FsPath) -> io::Result<()> {
        let Some(parent) = target.parent() else { return Ok(()) };
        self.disk.sync_dir(parent).inspect_err(|_| {
            if std::fs::remove_file(target).is_err() {
                self.poisoned.store(true, Ordering::Release);
            }
        })
    }

    fn put(&self, target: &FsPath, payload: &PutPayload, create: bool) -> io::Result<PutResult> {
        if create && target.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (file, staged) = self.stage(target)?;
        let mut offset = 0;
        for bytes in payload {
            if let Err(error) = self.disk.write_at(&file, offset, bytes) {
                drop(std::fs::remove_file(&staged));
                return Err(error);
            }
            offset += bytes.len() as u64;
        }
        self.publish(&file, &staged, target, create)?;
        Ok(PutResult { e_tag: None, version: None })
    }
}

/// Keeps the I/O error as the cause, so that a full disk can be told from other failures.
fn store_error(path: &FsPath, source: io::Error) -> Error {
    let path = path.display().to_string();
    match source.kind() {
        io::ErrorKind::NotFound => Error::NotFound { path, source: source.into() },
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: source.into() },
        _ => Error::Generic { store: "DurableStore", source: source.into() },
    }
}

/// Runs blocking file work off the async threads.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// The same, with this store's errors.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(source) => Err(Error::JoinError { source }),
    }
}

#[async_trait]
impl ObjectStore for DurableStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let create = match options.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => {
                return Err(Error::NotImplemented {
                    operation: "put with PutMode::Update".to_string(),
                    implementer: self.to_string(),
                });
            }
        };
        let (target, writer) = (self.target(location)?, self.writer.clone());
        blocking(move || writer.put(&target, &payload, create).map_err(|e| store_error(&target, e))).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let (target, writer) = (self.target(location)?, self.writer.clone());
        let upload = blocking(move || {
            let (file, staged) = writer.stage(&target).map_err(|e| store_error(&target, e))?;
            Ok(Upload::new(writer, file, staged, target))
        })
        .await?;
        Ok(Box::new(upload))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    // A deletion that a power cut undoes only leaves garbage for the next upkeep, so it is not synced.
    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let create = matches!(options.mode, CopyMode::Create);
        let (from, to, writer) = (self.target(from)?, self.target(to)?, self.writer.clone());
        blocking(move || {
            let bytes = std::fs::read(&from).map_err(|e| store_error(&from, e))?;
            writer.put(&to, &bytes.into(), create).map_err(|e| store_error(&to, e))?;
            Ok(())
        })
        .await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let create = matches!(options.target_mode, RenameTargetMode::Create);
        let (from, to, writer) = (self.target(from)?, self.target(to)?, self.writer.clone());
        blocking(move || {
            let file = File::open(&from).map_err(|e| store_error(&from, e))?;
            let renamed = to.parent().map_or(Ok(()), |dir| make_dirs(writer.disk.as_ref(), dir));
            renamed.and_then(|()| writer.publish(&file, &from, &to, create)).map_err(|e| store_error(&to, e))
        })
        .await
    }
}

/// Makes delta-rs use a durable store for every `file://` address in this process, also where it opens one by itself.
pub(crate) fn register() {
    let address = url::Url::parse("file://").expect("`file://` is an address");
    object_store_factories().insert(address, Arc::new(Factory));
}

struct Factory;

impl ObjectStoreFactory for Factory {
    fn parse_url_opts(&self, url: &url::Url, _: &StorageConfig) -> DeltaResult<(ObjectStoreRef, Path)> {
        let path = Path::from_url_path(url.path())
            .map_err(|_| DeltaTableError::InvalidTableLocation(url.to_string()))?;
        Ok((Arc::new(DurableStore::new(Arc::new(RealDisk))), path))
    }
}
