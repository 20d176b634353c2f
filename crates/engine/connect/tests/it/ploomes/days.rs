//! A picture of the open deals, once a day.

use connect::sources::ploomes::Ploomes;
use connect::{Egress, Surroundings};
use serde_json::json;
use simulators::servers::{DealEdit, System, World};

use super::account::{Lake, Row, day, key, served, source, world};

const SNAPSHOTS: &str = "deal_stage_snapshots";

fn open_deals(world: &World) -> usize {
    world.ledger(System::Ploomes, "Deals").unwrap().iter().filter(|row| row.fields["StatusId"] == 1).count()
}

fn of_day<'a>(rows: &'a [Row], day: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| row["day"] == day).collect()
}

#[tokio::test]
async fn each_day_has_one_row_per_open_deal_and_keeps_its_stages() {
    let world = world();
    let running = served(&world).await;
    let mut lake = Lake::default();
    let first = source(&running);
    assert_eq!(lake.read(&first, SNAPSHOTS).await.unwrap().rows, open_deals(&world));
    let taken = lake.rows(SNAPSHOTS);
    let moved: i64 =
        taken.iter().find(|row| row["stage_id"].ends_with('1')).unwrap()["deal_id"].parse().unwrap();
    let before = open_deals(&world);

    world.edit_deal(moved, DealEdit::Stage(4)).unwrap();
    let asked = running.total();
    assert_eq!(lake.read(&first, SNAPSHOTS).await.unwrap().rows, 0, "the day has been taken");
    assert_eq!(running.total(), asked);

    let next = source(&running).with_today(|| day(2));
    assert_eq!(lake.read(&next, SNAPSHOTS).await.unwrap().rows, before);
    let rows = lake.rows(SNAPSHOTS);
    assert_eq!((of_day(&rows, "2026-07-01").len(), of_day(&rows, "2026-07-02").len()), (before, before));
    let stages: Vec<&String> =
        rows.iter().filter(|row| row["deal_id"] == moved.to_string()).map(|row| &row["stage_id"]).collect();
    assert_ne!(stages[0], stages[1]);
    assert!(rows.iter().all(|row| row.contains_key("pipeline_id") && row.contains_key("owner_id")));
    assert!(rows[0].contains_key("amount") && rows[0].contains_key("days_in_stage"), "{:?}", rows[0]);
}

#[tokio::test]
async fn the_day_is_that_of_the_workspaces_zone() {
    let world = world();
    let running = served(&world).await;
    let settings = json!({"address": running.url(), "user_key": key()});
    let mut days = Vec::new();
    // Twenty-six hours lie between them: it is never the same day in both.
    for zone in ["Pacific/Kiritimati", "Etc/GMT+12"] {
        let surroundings = Surroundings::new(Egress::with_networks(["127.0.0.1"]).unwrap());
        let surroundings = surroundings.in_zone(zone.parse().unwrap());
        let source = Ploomes::from_settings("crm", &settings, &surroundings).unwrap();
        let mut lake = Lake::default();
        lake.read(&source, SNAPSHOTS).await.unwrap();
        days.push(lake.rows(SNAPSHOTS)[0]["day"].clone());
    }
    assert!(days[0] > days[1], "{days:?}");
}

#[tokio::test]
async fn a_day_that_broke_off_is_taken_again() {
    let world = world();
    let running = served(&world).await;
    let source = source(&running);
    let mut lake = Lake::default();
    running.misbehave(simulators::servers::Misbehaviour { forbidden_once: true, ..Default::default() });
    lake.read(&source, SNAPSHOTS).await.unwrap_err();
    lake.read(&source, SNAPSHOTS).await.unwrap();
    assert_eq!(lake.rows(SNAPSHOTS).len(), open_deals(&world));
}
