//! Seeds: types found, types asked for, wrong rows.
//!
//! Invariant: a seed that fails names its line.

use crate::shop::Shop;

async fn types(shop: &Shop) -> Vec<String> {
    let session = shop.lake.session(shop.relations.clone());
    let schema = session.schema("select * from main.cities").await.unwrap();
    schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn seed_types_are_found() {
    let csv = "id,Name,tax,since,active,note\n1,\"São Paulo, SP\",1.5,2026-01-31,true,\n2,Rio,10.25,2026-02-28,false,null\n";
    let mut shop = Shop::new(&[("seeds/cities.csv", csv)]).await;
    shop.built("").await;
    assert_eq!(
        types(&shop).await,
        ["id Int64", "name Utf8", "tax Decimal128(38, 2)", "since Date32", "active Boolean", "note Int64"]
    );
    assert_eq!(
        shop.rows("select * from main.cities order by id").await,
        ["1|São Paulo, SP|1.50|2026-01-31|true|∅", "2|Rio|10.25|2026-02-28|false|∅"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn seed_types_asked_for_win() {
    let yml = "seeds:\n  - name: cities\n    config:\n      delimiter: ';'\n      column_types: {code: varchar, tax: 'numeric(10,4)'}\n";
    let mut shop =
        Shop::new(&[("seeds/cities.csv", "code;tax\n0123;1.5\n"), ("seeds/schema.yml", yml)]).await;
    shop.built("").await;
    assert_eq!(types(&shop).await, ["code Utf8", "tax Decimal128(10, 4)"]);
    assert_eq!(shop.rows("select * from main.cities").await, ["0123|1.5000"]);
}

async fn check(csv: &str, types: &str, message: &str) {
    let yml = format!("seeds:\n  - name: cities\n    config: {{column_types: {{{types}}}}}\n");
    let mut shop = Shop::new(&[("seeds/cities.csv", csv), ("seeds/schema.yml", yml.as_str())]).await;
    assert_eq!(shop.failure("").await, message);
}

#[tokio::test(flavor = "multi_thread")]
async fn seed_wrong_is_pointed_at() {
    check(
        "a,b\n1,2\n1,2,3\n",
        "",
        "seeds/cities.csv:3: seed `cities`: this row has 3 values and the first line names 2 columns; correct the row (quote values that hold `,`)",
    )
    .await;
    check("a,A\n1,2\n", "", "seeds/cities.csv:1: seed `cities`: two columns are called `a`; rename one")
        .await;
    check("", "", "seeds/cities.csv:1: seed `cities`: is empty; its first line must name the columns").await;
    check(
        "day\n2026-01-31\n31/01/2026\n",
        "day: date",
        "seeds/cities.csv:3: seed `cities`: column `day`: `31/01/2026` is no Date32; correct the value, or set another type in `column_types`",
    )
    .await;
    check(
        "a\n1\n",
        "aa: money",
        "seeds/cities.csv: seed `cities`: `column_types` names `aa`, which the file has not; did you mean `a`?",
    )
    .await;
    check(
        "a\n1\n",
        "a: money",
        "seeds/cities.csv: seed `cities`: column `a` cannot have the type `money`; use varchar, bigint, numeric(18,2), double, date, timestamp or boolean",
    )
    .await;
}
