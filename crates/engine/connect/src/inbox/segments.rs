//! The files of an inbox: their names, their order, and how they come and go.
//!
//! Does not read frames. Invariant: a file's name is the number of the first delivery that may be in it; the newest file stays until a
//! newer one is durable.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

const ENDING: &str = ".inbox";

/// A file of deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// No delivery in it has a smaller number.
    pub first: u64,
    pub path: PathBuf,
}

impl Segment {
    pub fn new(dir: &Path, first: u64) -> Segment {
        Segment { first, path: dir.join(format!("{first:020}{ENDING}")) }
    }
}

/// The segments of a folder, oldest first; none when there is no folder.
pub fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut segments = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(first) = name.strip_suffix(ENDING).and_then(|number| number.parse().ok()) {
            segments.push(Segment { first, path });
        }
    }
    segments.sort_by_key(|segment| segment.first);
    Ok(segments)
}

/// Bytes of all segments.
pub fn bytes(dir: &Path) -> io::Result<u64> {
    let mut total = 0;
    for segment in list(dir)? {
        match std::fs::metadata(&segment.path) {
            Ok(metadata) => total += metadata.len(),
            // Another process has landed and removed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(total)
}

/// Removes the segments before the newest that hold no number beyond `sequence`.
pub fn remove_landed(dir: &Path, sequence: u64) -> io::Result<()> {
    let segments = list(dir)?;
    for pair in segments.windows(2) {
        if pair[1].first.saturating_sub(1) > sequence {
            break;
        }
        match std::fs::remove_file(&pair[0].path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes a folder, with its name durable in the folder above, however deep.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let above = dir.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_dir(above)?;
    match std::fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_dir(above)
}
