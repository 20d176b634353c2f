//! What a source is and was told, as its page shows it.
//!
//! Invariant: of a secret there is only that there is one.

use contract::sources::Told;
use kpi::definition::Label;
use metastore::sources::SourceRow;
use serde_json::Value;

pub(super) fn title(kind: &str) -> Label {
    let declared = connect::kinds().into_iter().find(|known| known.kind == kind);
    let own = match kind {
        "sheet" => ("Planilha enviada", "Uploaded sheet"),
        _ => ("Pasta de arquivos", "Folder of files"),
    };
    declared.map_or_else(|| Label { pt: own.0.to_owned(), en: Some(own.1.to_owned()) }, |kind| kind.title)
}

pub(super) fn told(row: &SourceRow) -> Vec<Told> {
    let Some(kind) = connect::kinds().into_iter().find(|kind| kind.kind == row.kind) else {
        return Vec::new();
    };
    let value = |parameter: &contract::sources::Parameter| match &row.params[&parameter.name] {
        _ if parameter.is_secret() => row.secrets.contains_key(&parameter.name).then(String::new),
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    kind.parameters.into_iter().map(|parameter| Told { value: value(&parameter), parameter }).collect()
}
