//! Another file for a sheet that has a board already: in the place of the old ones, or after them.
//!
//! Invariant: what the new file lacks, adds or writes otherwise is told before it is accepted.

use super::shown::{label_of, stem};
use super::{Kept, Look, Refusal, Replacement, SheetFile, SheetSettings};

pub(super) fn compare(source: &str, settings: &SheetSettings, kept: &Kept, look: &Look) -> Replacement {
    let has = |name: &str| look.columns.iter().any(|column| column.name == name);
    let missing: Vec<String> = settings.columns.keys().filter(|name| !has(name)).cloned().collect();
    let added = look.columns.iter().filter(|column| !settings.columns.contains_key(&column.name));
    let unfit = look.columns.iter().filter(|column| column.misfits > 0);
    Replacement {
        source: source.to_owned(),
        id: kept.id.clone(),
        file: kept.file.clone(),
        rows: look.rows,
        rejected: look.rejected,
        // Without its date no row counts.
        breaks: settings.used.first().is_some_and(|date| missing.contains(date)),
        missing,
        added: added.map(label_of).collect(),
        misfits: unfit.map(|column| (label_of(column), column.misfits, column.strangers.clone())).collect(),
    }
}

/// The files that the sheet is made of afterwards.
pub(super) fn files(
    settings: &SheetSettings,
    kept: &Kept,
    look: &Look,
    append: bool,
) -> Result<Vec<SheetFile>, Refusal> {
    if look.rows == 0 {
        return Err(Refusal::NothingFits);
    }
    let same = |file: &SheetFile| file.content == kept.id && file.sheet == look.sheet;
    let holds_it = settings.files.iter().any(same);
    if holds_it && (append || settings.files.len() == 1) {
        return Err(Refusal::Same);
    }
    let mut files = if append { settings.files.clone() } else { Vec::new() };
    let name = settings.files.first().filter(|_| !append).map_or(stem(&kept.file), |file| &file.name);
    let names = std::iter::once(name.to_owned()).chain((2..).map(|copy| format!("{name} ({copy})")));
    let taken = |name: &String| files.iter().any(|file| file.name == *name);
    let name = names.filter(|name| !taken(name)).take(1).collect();
    files.push(SheetFile { name, content: kept.id.clone(), sheet: look.sheet.clone() });
    Ok(files)
}
