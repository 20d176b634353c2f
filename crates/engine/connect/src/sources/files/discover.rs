//! Walks the folder: which files there are, and which stream each belongs to.
//!
//! Does not open files, but for the sheets of workbooks. Invariant: the same folder gives the same streams in the same order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::options::{FilesOptions, FormatKind};
use super::pattern;
use super::profile::format_of;
use super::rows::Unit;
use super::xlsx;
use crate::batches::guarded;
use crate::column_name::sql_name;
use crate::errors::ConnectError;
use crate::source::Ignored;

/// Endings of files that are read; `.gz` or `.zst` may follow.
const ENDINGS: [&str; 9] =
    [".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet", ".jsonl", ".ndjson", ".json"];
/// So deep may folders lie in each other; a loop of links is deeper.
const DEEPEST: usize = 32;

/// What lies in the folder.
#[derive(Debug, Default)]
pub struct Found {
    /// Tables by stream, in the order of their paths.
    pub streams: BTreeMap<String, Vec<Unit>>,
    pub ignored: Vec<Ignored>,
    /// Workbooks whose sheets could not be listed; they count as their first sheet, so that reading them tells again.
    pub problems: Vec<ConnectError>,
}

/// Where the files are.
#[derive(Debug, Clone)]
pub enum Place {
    /// All that lies in this folder, or this one file.
    Folder(PathBuf),
    /// These tables of one stream, whatever else lies beside them in the folder.
    Listed { folder: PathBuf, stream: String, units: Vec<Unit> },
}

impl Place {
    pub fn dir(&self) -> &Path {
        match self {
            Place::Folder(dir) | Place::Listed { folder: dir, .. } => dir,
        }
    }
}

/// A file and its path relative to the folder, with `/`.
struct Entry {
    path: PathBuf,
    file: String,
}

/// Walks a place. `source_name` names the stream of files whose own name is nothing but a date.
pub fn walk(place: &Place, source_name: &str, options: &FilesOptions) -> Result<Found, ConnectError> {
    let mut entries = Vec::new();
    let mut found = Found::default();
    let dir = match place {
        Place::Folder(dir) => dir,
        Place::Listed { stream, units, .. } => {
            found.streams.insert(stream.clone(), units.clone());
            return Ok(found);
        }
    };
    match dir.file_name().and_then(|name| name.to_str()).filter(|_| dir.is_file()) {
        // One file may be given instead of a folder.
        Some(name) => entries.push(Entry { path: dir.to_owned(), file: name.to_owned() }),
        None => list(dir, "", 0, &mut entries, &mut found.ignored)?,
    }
    entries.sort_by(|a, b| a.file.cmp(&b.file));
    for entry in entries {
        if options.ignore.iter().any(|pattern| pattern::matches(pattern, &entry.file)) {
            found.ignored.push(Ignored { path: entry.file, reason: "the options ignore it".to_owned() });
            continue;
        }
        let claimed: Vec<&String> = options
            .streams
            .iter()
            .filter(|(_, stream)| {
                stream.files.as_ref().is_some_and(|pattern| pattern::matches(pattern, &entry.file))
            })
            .map(|(name, _)| name)
            .collect();
        if !claimed.is_empty() {
            for name in claimed {
                let sheet = options.of_stream(name).sheet;
                add(&mut found, name.clone(), unit(&entry, sheet));
            }
            continue;
        }
        let Some(stem) = stem_of(&entry.file) else {
            let reason = format!(
                "its name does not end with one of {}, with .gz or .zst or without",
                ENDINGS.join(" ")
            );
            found.ignored.push(Ignored { path: entry.file, reason });
            continue;
        };
        let stream = stream_of(&stem, source_name);
        sort_in(&mut found, &entry, &stream, options);
    }
    Ok(found)
}

fn unit(entry: &Entry, sheet: Option<String>) -> Unit {
    Unit { path: entry.path.clone(), file: entry.file.clone(), sheet }
}

fn add(found: &mut Found, stream: String, unit: Unit) {
    found.streams.entry(stream).or_default().push(unit);
}

/// The first filled sheet of a workbook is the stream itself, each other one a stream of its own: a sheet more renames none.
fn sort_in(found: &mut Found, entry: &Entry, stream: &str, options: &FilesOptions) {
    let own = options.of_stream(stream);
    let whole = unit(entry, None);
    if own.sheet.is_some() {
        return add(found, stream.to_owned(), unit(entry, own.sheet));
    }
    // A file that cannot be opened is a problem of reading it, told with its stream.
    let kind = format_of(&whole, &own, &options.limits).map(|format| (format.kind, format));
    let Ok((FormatKind::Xlsx, format)) = kind else { return add(found, stream.to_owned(), whole) };
    match guarded(&whole.file, || xlsx::sheets_of(&whole, &format, &options.limits)) {
        Ok(sheets) if !sheets.is_empty() => {
            for (at, sheet) in sheets.into_iter().enumerate() {
                let base = if at == 0 { stream.to_owned() } else { format!("{stream}_{}", sql_name(&sheet)) };
                // Sheets named alike, but for signs: a stream takes one table of each file.
                let taken = |name: &String| {
                    found.streams.get(name).is_some_and(|it| it.iter().any(|u| u.file == entry.file))
                };
                let mut names =
                    std::iter::once(base.clone()).chain((2..).map(|copy| format!("{base}_{copy}")));
                let name = names.find(|name| !taken(name)).unwrap_or(base);
                add(found, name, unit(entry, Some(sheet)));
            }
        }
        Ok(_) => found
            .ignored
            .push(Ignored { path: whole.file, reason: "the workbook has no filled sheet".to_owned() }),
        Err(error) => {
            add(found, stream.to_owned(), whole);
            found.problems.push(error);
        }
    }
}

fn list(
    dir: &Path,
    prefix: &str,
    depth: usize,
    entries: &mut Vec<Entry>,
    ignored: &mut Vec<Ignored>,
) -> Result<(), ConnectError> {
    let failed = |source| ConnectError::Folder { dir: dir.display().to_string(), source };
    for item in fs::read_dir(dir).map_err(failed)? {
        let item = item.map_err(failed)?;
        let Some(name) = item.file_name().to_str().map(str::to_owned) else {
            let path = item.path().display().to_string();
            ignored.push(Ignored { path, reason: "its name is not UTF-8".to_owned() });
            continue;
        };
        // Hidden files, and the lock files of open office documents.
        if name.starts_with('.') || name.starts_with("~$") {
            continue;
        }
        let file = format!("{prefix}{name}");
        let Ok(metadata) = fs::metadata(item.path()) else {
            ignored.push(Ignored { path: file, reason: "the link leads nowhere".to_owned() });
            continue;
        };
        if metadata.is_dir() {
            if depth >= DEEPEST {
                ignored.push(Ignored { path: file, reason: "it lies too deep".to_owned() });
            } else {
                list(&item.path(), &format!("{file}/"), depth + 1, entries, ignored)?;
            }
        } else if metadata.is_file() {
            entries.push(Entry { path: item.path(), file });
        }
    }
    Ok(())
}

/// The path without its ending; `None` for files that are not read.
fn stem_of(file: &str) -> Option<String> {
    let lower = file.to_ascii_lowercase();
    let unpacked = lower.strip_suffix(".gz").or_else(|| lower.strip_suffix(".zst")).unwrap_or(&lower);
    let stem = ENDINGS.iter().find_map(|ending| unpacked.strip_suffix(ending))?;
    // Lower-casing ASCII keeps every byte's place.
    Some(file[..stem.len()].to_owned())
}

/// Folders make the stream's name; without any, the file's own name does, less dates and parts at its end.
fn stream_of(stem: &str, source_name: &str) -> String {
    let (folders, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let parts: Vec<String> = folders.split('/').filter(|folder| !is_part(folder)).map(sql_name).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if !parts.is_empty() {
        return parts.join("_");
    }
    let mut words: Vec<&str> =
        name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    while words.last().is_some_and(|word| is_part(word)) {
        words.pop();
    }
    // Cut the original, so that its words keep their case for the snake case.
    let kept = match words.last() {
        Some(last) => {
            let end = last.as_ptr() as usize - name.as_ptr() as usize + last.len();
            sql_name(&name[..end])
        }
        None => String::new(),
    };
    if kept.is_empty() { source_name.to_owned() } else { kept }
}

/// Dates, numbers and parts, as in `2026-01`, `003`, `part-2`, `ano=2026`.
fn is_part(word: &str) -> bool {
    if word.contains('=') {
        return true;
    }
    let lower = word.to_ascii_lowercase();
    let rest = ["parte", "part", "p", "v"].iter().find_map(|it| lower.strip_prefix(it)).unwrap_or(&lower);
    let only_part = matches!(lower.as_str(), "parte" | "part");
    only_part
        || (!rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_of_files_and_folders() {
        for (stem, stream) in [
            ("vendas", "vendas"),
            ("vendas_2026-01", "vendas"),
            ("Vendas-20260131", "vendas"),
            ("vendas_2026_01_part-2", "vendas"),
            ("vendas (2)", "vendas"),
            ("NotasFiscais_2026", "notas_fiscais"),
            ("online_retail_uci352", "online_retail_uci352"),
            ("2026-01", "loja"),
            ("oinv/OINV_2024", "oinv"),
            ("sap/oinv/2026/01/x", "sap_oinv"),
            ("deals/ano=2026/x", "deals"),
            ("2026/vendas", "vendas"),
            ("contratos_vigencias", "contratos_vigencias"),
        ] {
            assert_eq!(stream_of(stem, "loja"), stream, "{stem}");
        }
    }

    #[test]
    fn stem_of_known_endings_only() {
        assert_eq!(stem_of("A/B.CSV.GZ").as_deref(), Some("A/B"));
        assert_eq!(stem_of("a.json.zst").as_deref(), Some("a"));
        assert_eq!(stem_of("a.pdf"), None);
        assert_eq!(stem_of("a.gz"), None);
    }
}
