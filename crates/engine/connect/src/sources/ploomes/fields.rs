//! The fields that a company adds to an entity, and what they become: columns, and a dimension of their options.
//!
//! Does not read records (`records_of`). Invariant: a field keeps the column that it once had, whatever it is called later.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::api::Api;
use super::entities::{AMOUNT, Entity, Fields};
use crate::column_name::sql_name;
use crate::column_type::ColumnType;
use crate::errors::ConnectError;

/// A field of an entity's `OtherProperties`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom {
    /// Stable for ever: `deal_42A8540F-2007-4BCE-84E7-CD4ABAB354FE`.
    pub key: String,
    /// What people see, and may change.
    pub name: String,
    pub entity: Option<i64>,
    pub holds: Holds,
    /// Several values at a time.
    pub multiple: bool,
    pub sensitive: bool,
    /// Where its options are; two fields may share them.
    pub options: Option<i64>,
}

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Text,
    Whole,
    Amount,
    Moment,
    Flag,
    /// One of a list of options: its id and its label.
    Choice,
}

/// A list of options: its id; id and label of each.
pub type Options = (i64, Vec<(i64, String)>);

/// A column that a field becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomColumn {
    /// Index of the field.
    pub field: usize,
    /// Whether it is the id of the option.
    pub is_id: bool,
    /// The field's key; of the id `<key>.id`.
    pub key: String,
    pub name: String,
    pub column_type: ColumnType,
}

/// All fields that the company added, in the order of their keys.
///
/// # Errors
/// As [`Api::list`].
pub async fn all(api: &Api, stream: &str) -> Result<Vec<Custom>, ConnectError> {
    let query = [("$filter", "Dynamic eq true"), ("$expand", "Type"), ("$orderby", "Key")];
    let mut fields: Vec<Custom> = Vec::new();
    for row in api.list_all(stream, "Fields", &query).await? {
        let field: Option<Custom> = serde_json::from_str(row.get()).ok().and_then(|row: Value| custom(&row));
        fields.push(field.ok_or_else(|| api.unexpected(stream, "Fields", "a field has no key"))?);
    }
    fields.sort_by(|a, b| a.key.cmp(&b.key));
    fields.dedup_by(|a, b| a.key == b.key);
    Ok(fields)
}

/// The lists of options.
///
/// # Errors
/// As [`Api::list`].
pub async fn options(api: &Api, stream: &str) -> Result<Vec<Options>, ConnectError> {
    const PATH: &str = "Fields@OptionsTables";
    let option =
        |row: &Value| Some((row["Id"].as_i64()?, row["Name"].as_str().unwrap_or_default().to_owned()));
    let mut tables = Vec::new();
    for row in api.list_all(stream, PATH, &[("$expand", "Options"), ("$orderby", "Id")]).await? {
        let row: Value = serde_json::from_str(row.get()).unwrap_or_default();
        let id =
            row["Id"].as_i64().ok_or_else(|| api.unexpected(stream, PATH, "a list of options has no id"))?;
        tables.push((id, row["Options"].as_array().into_iter().flatten().filter_map(option).collect()));
    }
    Ok(tables)
}

impl Entity {
    /// The fields that are this entity's.
    pub fn custom(&self, all: &[Custom]) -> Vec<Custom> {
        let is_ours = |field: &&Custom| match self.fields {
            Fields::Of(entities) => field.entity.is_some_and(|entity| entities.contains(&entity)),
            Fields::Keyed(prefix) => field.key.starts_with(prefix),
        };
        all.iter().filter(is_ours).cloned().collect()
    }
}

fn custom(row: &Value) -> Option<Custom> {
    /// A list of options.
    const LIST: i64 = 7;
    let key = row["Key"].as_str().filter(|key| !key.is_empty())?;
    let options = row["OptionsTableId"].as_i64();
    let holds = match row["Type"]["NativeType"].as_str().unwrap_or_default() {
        _ if options.is_some() || row["TypeId"].as_i64() == Some(LIST) => Holds::Choice,
        "Integer" | "BigInteger" => Holds::Whole,
        "Decimal" => Holds::Amount,
        "DateTime" => Holds::Moment,
        "Bool" => Holds::Flag,
        _ => Holds::Text,
    };
    Some(Custom {
        key: key.to_owned(),
        name: row["Name"].as_str().unwrap_or_default().to_owned(),
        entity: row["EntityId"].as_i64(),
        holds,
        multiple: row["Multiple"].as_bool().unwrap_or_default(),
        sensitive: row["IsSensitiveData"].as_bool().unwrap_or_default(),
        options,
    })
}

/// The columns of fields. `taken` are the entity's own columns; `kept` the names that fields have had so far, by key.
pub fn columns(
    fields: &[Custom],
    mut taken: HashSet<String>,
    kept: &BTreeMap<String, String>,
) -> Vec<CustomColumn> {
    let mut names: Vec<Option<String>> = vec![None; fields.len()];
    // Who has a name keeps it; whoever comes later finds it taken.
    for (name, field) in names.iter_mut().zip(fields) {
        *name = kept.get(&field.key).filter(|kept| claim(&mut taken, kept, field.holds)).cloned();
    }
    let mut columns = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let name = names[index].take().unwrap_or_else(|| free(&mut taken, field));
        let column = |is_id, key: String, name, column_type| CustomColumn {
            field: index,
            is_id,
            key,
            name,
            column_type,
        };
        if field.holds == Holds::Choice {
            let id = if field.multiple { ColumnType::Text } else { ColumnType::Integer };
            columns.push(column(true, format!("{}.id", field.key), format!("{name}_id"), id));
        }
        let column_type = match field.holds {
            _ if field.multiple => ColumnType::Text,
            Holds::Text | Holds::Choice => ColumnType::Text,
            Holds::Whole => ColumnType::Integer,
            Holds::Amount => AMOUNT,
            Holds::Moment => ColumnType::Moment,
            Holds::Flag => ColumnType::Boolean,
        };
        columns.push(column(false, field.key.clone(), name, column_type));
    }
    columns
}

/// A free name for a field: its own, or with `_2`, `_3` … behind it.
fn free(taken: &mut HashSet<String>, field: &Custom) -> String {
    let base = [&field.name, &field.key].map(|text| sql_name(text)).into_iter().find(|name| !name.is_empty());
    let base = base.unwrap_or_else(|| "field".to_owned());
    let mut name = base.clone();
    let mut copy = 1;
    while !claim(taken, &name, field.holds) {
        copy += 1;
        name = format!("{base}_{copy}");
    }
    name
}

/// Takes a name, and that of the option's id with it, if both are free.
fn claim(taken: &mut HashSet<String>, name: &str, holds: Holds) -> bool {
    let id = (holds == Holds::Choice).then(|| format!("{name}_id"));
    if taken.contains(name) || id.as_ref().is_some_and(|id| taken.contains(id)) {
        return false;
    }
    taken.insert(name.to_owned());
    taken.extend(id);
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(key: &str, name: &str, holds: Holds) -> Custom {
        let (key, name) = (key.to_owned(), name.to_owned());
        Custom { key, name, entity: Some(2), holds, multiple: false, sensitive: false, options: None }
    }

    fn named(fields: &[Custom], kept: &[(&str, &str)]) -> Vec<String> {
        let kept = kept.iter().map(|(key, name)| ((*key).to_owned(), (*name).to_owned())).collect();
        let taken = ["id", "origin_id", "title"].map(str::to_owned).into();
        columns(fields, taken, &kept).into_iter().map(|column| column.name).collect()
    }

    #[test]
    fn fields_are_typed_by_what_they_hold() {
        let typed = |native: &str| json!({"Key": "deal_1", "Name": "x", "Type": {"NativeType": native}, "IsSensitiveData": true});
        for (row, holds) in [
            (typed("BigString"), Holds::Text),
            (typed("Decimal"), Holds::Amount),
            (typed("DateTime"), Holds::Moment),
            (typed("Bool"), Holds::Flag),
            (typed("Integer"), Holds::Whole),
            (
                json!({"Key": "deal_2", "Type": {"NativeType": "Integer"}, "OptionsTableId": 7, "IsSensitiveData": true}),
                Holds::Choice,
            ),
        ] {
            let made = custom(&row).unwrap();
            assert_eq!((made.holds, made.sensitive), (holds, true), "{row}");
        }
        assert_eq!(custom(&json!({"Name": "no key"})), None);
    }

    #[test]
    fn names_that_collide_are_told_apart_and_stay_as_they_were() {
        let fields = [
            field("deal_1", "Região", Holds::Text),
            field("deal_2", "região", Holds::Whole),
            field("deal_3", "Origin", Holds::Choice),
            field("deal_4", "Title", Holds::Flag),
            field("deal_5", "", Holds::Text),
        ];
        assert_eq!(
            named(&fields, &[]),
            ["regiao", "regiao_2", "origin_2_id", "origin_2", "title_2", "deal_5"]
        );
        // The field that came first was renamed, another took its label.
        let renamed = [field("deal_1", "Praça", Holds::Text), field("deal_9", "Região", Holds::Text)];
        assert_eq!(named(&renamed, &[("deal_1", "regiao")]), ["regiao", "regiao_2"]);
        assert_eq!(
            named(&[field("deal_0", "Região", Holds::Text), renamed[0].clone()], &[("deal_1", "regiao")]),
            ["regiao_2", "regiao"]
        );
    }

    #[test]
    fn options_of_a_list_are_two_columns_and_several_at_once_are_text() {
        let several = Custom { multiple: true, ..field("deal_1", "Interesses", Holds::Choice) };
        let made =
            columns(&[several, field("deal_2", "Segmento", Holds::Choice)], HashSet::new(), &BTreeMap::new());
        let made: Vec<_> = made
            .iter()
            .map(|column| (column.name.as_str(), column.key.as_str(), column.column_type))
            .collect();
        assert_eq!(
            made,
            [
                ("interesses_id", "deal_1.id", ColumnType::Text),
                ("interesses", "deal_1", ColumnType::Text),
                ("segmento_id", "deal_2.id", ColumnType::Integer),
                ("segmento", "deal_2", ColumnType::Text),
            ]
        );
    }
}
