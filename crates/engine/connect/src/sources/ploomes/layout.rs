//! How a record of the API becomes a row: its own fields, and the company's among them.
//!
//! Does not read pages (`changes`). Invariant: every column gets its value from one place, whatever order the API lists them in.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::entities::{AMOUNT, AMOUNT_SCALE, Columns};
use super::fields::{self, Custom, Holds};
use crate::column_type::ColumnType;
use crate::json::{JsonCell, JsonRow};
use crate::numeral;
use crate::records::{RecordColumn, Shape};

/// How columns are classified that hold what the system itself marks as sensitive.
const RESTRICTED: &str = "restrito";

/// The columns of a stream and where their values are.
pub struct Layout {
    pub shape: Arc<Shape>,
    /// Names of the columns of the company's fields, by key of the field: what is to be kept.
    pub names: BTreeMap<String, String>,
    places: HashMap<String, Place>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Own(ColumnType),
    /// Among the other properties.
    Other {
        holds: Holds,
        multiple: bool,
        is_id: bool,
    },
}

/// A record, taken apart as far as its columns need it.
pub struct Record<'a> {
    row: JsonRow<'a>,
    others: HashMap<String, Vec<JsonRow<'a>>>,
}

impl Layout {
    /// The layout of a stream. `key` are names of columns.
    pub fn new(
        stream: &str,
        columns: Columns,
        key: &[&str],
        custom: &[Custom],
        kept: &BTreeMap<String, String>,
    ) -> Layout {
        let mut all: Vec<RecordColumn> =
            columns.iter().map(|(key, column_type)| RecordColumn::new(key, *column_type)).collect();
        let mut places: HashMap<String, Place> =
            columns.iter().map(|(key, column_type)| ((*key).to_owned(), Place::Own(*column_type))).collect();
        let taken: HashSet<String> = all.iter().map(|column| column.name.clone()).collect();
        let (mut names, mut sensitive) = (kept.clone(), HashSet::new());
        for column in fields::columns(custom, taken, kept) {
            let field = &custom[column.field];
            if !column.is_id {
                names.insert(field.key.clone(), column.name.clone());
            }
            if field.sensitive {
                sensitive.insert(column.name.clone());
            }
            let place = Place::Other { holds: field.holds, multiple: field.multiple, is_id: column.is_id };
            places.insert(column.key.clone(), place);
            all.push(RecordColumn { key: column.key, name: column.name, column_type: column.column_type });
        }
        let shape = Shape::new(stream, all, key).classified(RESTRICTED, &sensitive);
        Layout { shape: Arc::new(shape), names, places }
    }

    /// The value of the column with this key.
    pub fn cell<'a>(&self, record: &Record<'a>, key: &str) -> JsonCell<'a> {
        match self.places.get(key) {
            Some(Place::Own(column_type)) => {
                record.at(key).map_or(JsonCell::Absent, |raw| fitting(raw, *column_type))
            }
            Some(Place::Other { holds, multiple, is_id }) => {
                let key = if *is_id { key.strip_suffix(".id").unwrap_or(key) } else { key };
                let values = record.others.get(key).map_or(&[][..], Vec::as_slice);
                let mut values = values.iter().filter_map(|property| other(property, *holds, *is_id));
                if *multiple { listed(values) } else { values.next_back().unwrap_or(JsonCell::Absent) }
            }
            None => JsonCell::Absent,
        }
    }
}

impl<'a> Record<'a> {
    /// None for what is no object.
    pub fn of(raw: &'a RawValue) -> Option<Record<'a>> {
        let row: JsonRow<'a> = serde_json::from_str(raw.get()).ok()?;
        let mut others: HashMap<String, Vec<JsonRow<'a>>> = HashMap::new();
        for property in list(&row, "OtherProperties").unwrap_or_default() {
            let Ok(property) = serde_json::from_str::<JsonRow<'a>>(property.get()) else { continue };
            if let Some(JsonCell::Text(key)) = property.get("FieldKey").map(JsonCell::of) {
                others.entry(key.into_owned()).or_default().push(property);
            }
        }
        Some(Record { row, others })
    }

    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.row.get(key)
    }

    /// The value at `Key`, or at `Relation/Key` within a record that came along.
    fn at(&self, key: &str) -> Option<&'a RawValue> {
        let Some((relation, key)) = key.split_once('/') else { return self.get(key) };
        serde_json::from_str::<JsonRow<'a>>(self.get(relation)?.get()).ok()?.get(key)
    }

    pub fn id(&self) -> Option<i64> {
        self.get("Id")?.get().parse().ok()
    }

    /// The records within; none where the API did not send the collection at all.
    pub fn within(&self, collection: &str) -> Option<Vec<&'a RawValue>> {
        list(&self.row, collection)
    }

    /// A record within another, its reference to that one filled in.
    pub fn child(raw: &'a RawValue, parent: &str, id: &'a RawValue) -> Option<Record<'a>> {
        let mut child = Record::of(raw)?;
        if child.get(parent).is_none() {
            child.row.0.retain(|(key, _)| key != parent);
            child.row.0.push((Cow::Owned(parent.to_owned()), id));
        }
        Some(child)
    }
}

fn list<'a>(row: &JsonRow<'a>, key: &str) -> Option<Vec<&'a RawValue>> {
    serde_json::from_str(row.get(key)?.get()).ok()
}

/// The value of a property.
fn other<'a>(property: &JsonRow<'a>, holds: Holds, is_id: bool) -> Option<JsonCell<'a>> {
    let first = |keys: &[&str], column_type| {
        keys.iter().find_map(|key| property.get(key)).map(|raw| fitting(raw, column_type))
    };
    match holds {
        Holds::Choice if is_id => first(&["ObjectValueId", "IntegerValue"], ColumnType::Integer),
        Holds::Choice => first(&["ObjectValueName"], ColumnType::Text),
        // Users, contacts and products are named by their ids, too.
        Holds::Whole => first(
            &[
                "IntegerValue",
                "BigIntegerValue",
                "UserValueId",
                "ContactValueId",
                "ProductValueId",
                "ObjectValueId",
            ],
            ColumnType::Integer,
        ),
        Holds::Amount => first(&["DecimalValue", "IntegerValue"], AMOUNT),
        Holds::Moment => first(&["DateTimeValue"], ColumnType::Moment),
        Holds::Flag => first(&["BoolValue"], ColumnType::Boolean),
        Holds::Text => first(
            &[
                "StringValue",
                "BigStringValue",
                "ObjectValueName",
                "UserValueName",
                "IntegerValue",
                "DecimalValue",
                "DateTimeValue",
                "BoolValue",
            ],
            ColumnType::Text,
        ),
    }
}

/// Several values as a JSON list.
fn listed<'a>(values: impl Iterator<Item = JsonCell<'a>>) -> JsonCell<'a> {
    let values: Vec<serde_json::Value> = values
        .map(|value| match value {
            JsonCell::Absent => serde_json::Value::Null,
            JsonCell::Boolean(flag) => flag.into(),
            JsonCell::Text(text) => text.into(),
            JsonCell::Number(text) | JsonCell::Nested(text) => serde_json::from_str(text).unwrap_or_default(),
        })
        .collect();
    if values.is_empty() {
        return JsonCell::Absent;
    }
    JsonCell::Text(Cow::Owned(serde_json::Value::from(values).to_string()))
}

/// A value as its column takes it.
fn fitting(raw: &RawValue, column_type: ColumnType) -> JsonCell<'_> {
    match (JsonCell::of(raw), column_type) {
        // What floating point adds beyond the sixth digit is no money, and no reason to refuse a whole record.
        (JsonCell::Number(text), ColumnType::Decimal { .. }) => match rounded(text) {
            Some(rounded) => JsonCell::Text(Cow::Owned(rounded)),
            None => JsonCell::Number(text),
        },
        // The API's clock is Brasília's wherever it does not say so.
        (JsonCell::Text(text), ColumnType::Moment) if is_local(&text) => {
            JsonCell::Text(Cow::Owned(format!("{text}-03:00")))
        }
        (cell, _) => cell,
    }
}

fn is_local(text: &str) -> bool {
    text.get(10..).is_some_and(|time| time.starts_with('T') && !time.contains(['Z', 'z', '+', '-']))
}

/// The number at the scale of amounts; none where it has no more digits than that.
fn rounded(text: &str) -> Option<String> {
    let exact = numeral::exact(text)?;
    if exact.at_scale(AMOUNT_SCALE).is_some() || exact.scale <= AMOUNT_SCALE {
        return None;
    }
    let step = 10_i128.checked_pow(u32::from(exact.scale - AMOUNT_SCALE))?;
    let half = if exact.unscaled < 0 { -step / 2 } else { step / 2 };
    let value = (exact.unscaled + half) / step;
    let one = 10_i128.pow(u32::from(AMOUNT_SCALE));
    let sign = if value < 0 { "-" } else { "" };
    Some(format!("{sign}{}.{:06}", value.abs() / one, value.abs() % one))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns =
        &[("Id", ColumnType::Integer), ("Amount", AMOUNT), ("CreateDate", ColumnType::Moment)];

    fn custom(key: &str, name: &str, holds: Holds) -> Custom {
        let (key, name) = (key.to_owned(), name.to_owned());
        Custom { key, name, entity: None, holds, multiple: false, sensitive: false, options: None }
    }

    fn shown(layout: &Layout, record: &Record<'_>, key: &str) -> String {
        match layout.cell(record, key) {
            JsonCell::Absent => "-".into(),
            JsonCell::Text(text) => text.into_owned(),
            JsonCell::Number(text) | JsonCell::Nested(text) => text.into(),
            JsonCell::Boolean(flag) => flag.to_string(),
        }
    }

    #[test]
    fn other_properties_come_out_under_their_keys() {
        let fields = [
            custom("deal_a", "Canal", Holds::Choice),
            Custom { multiple: true, ..custom("deal_b", "Interesses", Holds::Choice) },
            custom("deal_c", "Dono", Holds::Whole),
            Custom { sensitive: true, ..custom("deal_d", "Nota", Holds::Text) },
        ];
        let layout = Layout::new("deals", COLUMNS, &["id"], &fields, &BTreeMap::new());
        let json = r#"{"Id":7,"Amount":1.5,"OtherProperties":[
            {"FieldKey":"deal_a","IntegerValue":5,"ObjectValueId":5,"ObjectValueName":"Site","StringValue":null},
            {"FieldKey":"deal_b","ObjectValueId":1,"ObjectValueName":"A \"x\""},{"FieldKey":"deal_b","ObjectValueId":2,"ObjectValueName":"B"},
            {"FieldKey":"deal_c","IntegerValue":null,"UserValueId":44},{"FieldKey":"deal_z","StringValue":"?"}]}"#;
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        let record = Record::of(&raw).unwrap();
        let values = ["deal_a.id", "deal_a", "deal_b.id", "deal_b", "deal_c", "deal_d", "Id"]
            .map(|key| shown(&layout, &record, key));
        assert_eq!(values, ["5", "Site", "[1,2]", r#"["A \"x\"","B"]"#, "44", "-", "7"]);
        assert_eq!(layout.names["deal_b"], "interesses");
        let piece = crate::records::Gathering::new(layout.shape.clone(), "Deals")
            .piece(crate::source::LandHint::Append, None);
        let schema = piece.unwrap().schema;
        let classified: Vec<&str> = schema
            .fields()
            .iter()
            .filter(|field| {
                field.metadata().get(crate::source::CLASSIFICATION).is_some_and(|class| class == RESTRICTED)
            })
            .map(|field| field.name().as_str())
            .collect();
        assert_eq!(classified, ["nota"]);
    }

    #[test]
    fn values_of_related_records_are_found_and_may_be_missing() {
        let columns: Columns = &[("Id", ColumnType::Integer), ("City/Name", ColumnType::Text)];
        let layout = Layout::new("contacts", columns, &["id"], &[], &BTreeMap::new());
        let names: Vec<&str> = layout.shape.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "city_name"]);
        for (json, expected) in [
            (r#"{"Id":1,"City":{"Id":3,"Name":"São Paulo"}}"#, "São Paulo"),
            (r#"{"Id":1,"City":null}"#, "-"),
            (r#"{"Id":1,"City":{"Name":null}}"#, "-"),
            (r#"{"Id":1}"#, "-"),
        ] {
            let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
            assert_eq!(shown(&layout, &Record::of(&raw).unwrap(), "City/Name"), expected, "{json}");
        }
    }

    #[test]
    fn amounts_are_rounded_and_moments_get_the_zone_that_they_lack() {
        for (given, expected) in [
            ("1500.0", None),
            ("33.333333333333336", Some("33.333333")),
            ("-0.0000005", Some("-0.000001")),
            ("2.9999999", Some("3.000000")),
            ("12", None),
        ] {
            assert_eq!(rounded(given).as_deref(), expected, "{given}");
        }
        assert!(is_local("2026-03-07T12:39:44.957") && !is_local("2026-03-07T12:39:44-03:00"));
        assert!(!is_local("2026-03-07T12:39:44Z") && !is_local("2026-03-07"));
    }

    #[test]
    fn children_know_their_parent_even_where_the_api_leaves_it_out() {
        let layout = Layout::new(
            "lines",
            &[("Id", ColumnType::Integer), ("QuoteId", ColumnType::Integer)],
            &["quote_id"],
            &[],
            &BTreeMap::new(),
        );
        let raw: Box<RawValue> = serde_json::from_str(
            r#"{"Id":9,"Products":[{"Id":1},{"Id":2,"QuoteId":null},{"Id":3,"QuoteId":8}]}"#,
        )
        .unwrap();
        let quote = Record::of(&raw).unwrap();
        let id = quote.get("Id").unwrap();
        let parents: Vec<String> = quote
            .within("Products")
            .unwrap()
            .into_iter()
            .map(|raw| shown(&layout, &Record::child(raw, "QuoteId", id).unwrap(), "QuoteId"))
            .collect();
        assert_eq!(parents, ["9", "9", "8"]);
        assert!(quote.within("Sections").is_none());
    }
}
