//! An upload as its page shows it, and what it is called.
//!
//! Invariant: what the file calls a column is shown as it stands there; names of ours are SQL names.

use super::Understood;
use super::columns::Said;
use connect::sources::sheet::{self, Look, LookedAt};
use contract::uploads::{Role, UploadColumn, UploadExample, UploadPage};

/// Characters of a title.
pub(super) const LONGEST_TITLE: usize = 80;

pub(super) fn page(understood: &Understood) -> UploadPage {
    let Understood { kept, title, look, said, keep_totals } = understood;
    let dated = look.columns.iter().zip(said).find(|(_, said)| said.role == Role::Date);
    let left_out = if *keep_totals { 0 } else { look.totals };
    let day = |days: i32| lake::arrow::datatypes::Date32Type::to_naive_date_opt(days);
    UploadPage {
        id: kept.id.clone(),
        file: kept.file.clone(),
        bytes: kept.bytes,
        title: title.clone(),
        sheets: look.sheets.clone(),
        sheet: look.sheet.clone(),
        rows: look.rows,
        rejected: look.rejected,
        totals: look.totals,
        keep_totals: *keep_totals,
        dateless: dated.map_or(0, |(column, _)| (look.rows - left_out).saturating_sub(column.values)),
        span: dated.and_then(|(column, _)| column.span).and_then(|(from, to)| Some((day(from)?, day(to)?))),
        columns: look.columns.iter().zip(said).map(|(column, said)| shown(column, said)).collect(),
    }
}

fn shown(column: &LookedAt, said: &Said) -> UploadColumn {
    let example = |example: &sheet::Example| UploadExample {
        written: example.written.clone(),
        understood: example.understood.clone(),
    };
    UploadColumn {
        name: column.name.clone(),
        label: label_of(column),
        kind: said.kind,
        role: said.role,
        values: column.values,
        distinct: column.distinct,
        total: column.total.map(|(sum, scale)| (sum.to_string(), scale)),
        examples: column.examples.iter().map(example).collect(),
        misfits: column.misfits,
        strangers: column.strangers.clone(),
    }
}

/// What the file calls a column.
pub(super) fn label_of(column: &LookedAt) -> String {
    let label = column.source_name.split_whitespace().collect::<Vec<_>>().join(" ");
    if label.is_empty() { column.name.clone() } else { label }
}

pub(super) fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// The file's name without its ending, with the sheet's where there are several.
pub(super) fn title_of(file: &str, look: &Look) -> String {
    let title = stem(file).split(['_', ' ']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let title = match &look.sheet {
        Some(sheet) if look.sheets.first() != Some(sheet) => format!("{title} {sheet}"),
        _ => title,
    };
    title.chars().take(LONGEST_TITLE).collect()
}
