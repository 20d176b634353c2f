//! What travels, and what does not have to: manifests, names, and ids that stay at home.

use crate::random::{build, columns, full};
use slice::{Builder, Column, Function, Input, Kind, Manifest, Question, Slice, SliceError, Time};

fn column(name: &str, kind: Kind) -> Column {
    Column { name: name.to_owned(), kind }
}

#[test]
fn a_manifest_is_the_same_after_json() {
    let built = build(&full().rows);
    let text = serde_json::to_string(&built.manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), built.manifest);
    let other = text.replacen("\"version\":1", "\"version\":2", 1);
    let manifest: Manifest = serde_json::from_str(&other).unwrap();
    assert_eq!(manifest.check(), Err(SliceError::Version { found: 2 }));
}

#[test]
fn ids_of_entities_are_in_nothing_that_a_browser_needs() {
    let columns = vec![
        column("day", Kind::Day),
        column("uf", Kind::Dimension { dictionary: Vec::new() }),
        column("person", Kind::Entity { dictionary: Vec::new() }),
    ];
    let mut builder = Builder::new(columns, |_| None).unwrap();
    let days = [Some(20_000), Some(20_001)];
    let people = [Some("529.982.247-25"), Some("111.444.777-35")];
    let batch = [Input::Days(&days), Input::Texts(&[Some("SP"), None]), Input::Texts(&people)];
    builder.add(&batch).unwrap();
    let built = builder.finish("b", "p", 1);
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    let needed: Vec<&Vec<u8>> = built.manifest.needed().map(|id| &built.blobs[&id]).collect();
    assert!(built.blobs.values().any(|bytes| holds(bytes, "529.982.247-25")));
    assert!(needed.iter().any(|bytes| holds(bytes, "SP")));
    assert!(!needed.iter().any(|bytes| holds(bytes, "529") || holds(bytes, "444")));
    let only =
        |id: &slice::Id| built.manifest.needed().any(|needed| needed == *id).then(|| &built.blobs[id][..]);
    let slice = Slice::open(built.manifest.clone(), only).unwrap();
    let values = vec![Function::CountDistinct("person".to_owned()).into()];
    let question = Question { by: Vec::new(), time: Time::Whole, filters: Vec::new(), values };
    assert_eq!(slice.answer(&question).unwrap().values[0], [kpi::Cell::Int(2)]);
}

#[test]
fn rows_without_a_day_are_kept_in_a_chunk_of_their_own() {
    let mut builder = Builder::new(columns()[..1].to_vec(), |_| None).unwrap();
    builder.add(&[Input::Days(&[Some(20_000), None, Some(20_040), None, Some(20_001)])]).unwrap();
    let manifest = builder.finish("b", "p", 1).manifest;
    let months: Vec<_> =
        manifest.chunks.iter().map(|chunk| (chunk.month.map(|day| day.to_string()), chunk.rows)).collect();
    let month = |text: &str| Some(text.to_owned());
    assert_eq!(months, [(None, 2), (month("2024-10-01"), 2), (month("2024-11-01"), 1)]);
}

#[test]
fn a_batch_that_does_not_fit_adds_nothing() {
    let two = vec![column("day", Kind::Day), column("value", Kind::Measure { scale: 2 })];
    let mut builder = Builder::new(two, |_| None).unwrap();
    let says = |builder: &mut Builder, batch: &[Input<'_>]| builder.add(batch).unwrap_err().to_string();
    assert_eq!(
        says(&mut builder, &[Input::Days(&[Some(1)]), Input::Numbers(&[])]),
        "a batch has 0 rows in column `value` and 1 in the first; give every column the same rows"
    );
    assert_eq!(
        says(&mut builder, &[Input::Days(&[None, Some(3_000_000)]), Input::Numbers(&[None, None])]),
        "row 1, column `day`: 3000000 is out of range; use days of the years 1 to 9999"
    );
    assert!(says(&mut builder, &[Input::Days(&[None])]).contains("one input per column"));
    assert!(
        says(&mut builder, &[Input::Days(&[None]), Input::Days(&[None])])
            .contains("`value` is of another kind")
    );
    assert_eq!(builder.finish("b", "p", 1).manifest.rows(), 0);
}

#[test]
fn columns_that_make_no_slice_are_refused() {
    let says = |columns: Vec<Column>| Builder::new(columns, |_| None).err().map(|error| error.to_string());
    let value = |scale| column("value", Kind::Measure { scale });
    assert!(says(vec![value(2)]).unwrap().contains("begin with the day"));
    assert!(says(vec![column("day", Kind::Day), value(39)]).unwrap().contains("round it first"));
    assert!(says(vec![column("day", Kind::Day), value(1), value(2)]).unwrap().contains("two columns"));
    assert_eq!(says(vec![column("day", Kind::Day), value(2)]), None);
}
