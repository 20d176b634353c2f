//! kill -9 at any moment of landing, writing and upkeep: no acknowledged row is lost, none is doubled.
//!
//! The test starts itself as a second process that works until it is killed; MIRANTE_KILL_ROUNDS says how often
//! (default 8).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use lake::{Lake, LakeOptions, LandMode, WriteMode};

use crate::rows::{ask, batch, ints, land, newest, open, stream, table, texts};

const CHILD: &str = "MIRANTE_KILL_DIR";
const ROWS: i64 = 50;

/// Everything that step `number` does; each part may be repeated.
async fn step(lake: &Lake, number: i64) {
    let id = number.to_string();
    let ids: Vec<i64> = (number * ROWS..(number + 1) * ROWS).collect();
    land(lake, "raw.appended", &id, LandMode::Append, batch(vec![("id", ints(&ids))])).await.unwrap();

    // Each step merges its own rows and those of the step before once more.
    let both: Vec<i64> = ((number - 1).max(0) * ROWS..(number + 1) * ROWS).collect();
    let merge = LandMode::Merge { key: vec!["id".to_string()] };
    land(lake, "raw.merged", &id, merge, batch(vec![("id", ints(&both))])).await.unwrap();

    let file = format!("file{}.csv", number % 5);
    let files = vec![file.as_str(); 10];
    let rows = batch(vec![("step", ints(&[number; 10])), ("_file", texts(&files))]);
    let mode = LandMode::ReplaceWhere { column: "_file".to_string(), value: file.clone() };
    land(lake, "raw.files", &id, mode, rows).await.unwrap();

    let rows = stream(batch(vec![("step", ints(&[number]))]));
    lake.write(&table("marts.last"), rows, WriteMode::Replace).await.unwrap();
    if number % 6 == 5 {
        let pins = [lake.latest("raw").await.unwrap()];
        lake.upkeep(&pins).await.unwrap();
    }
}

#[tokio::test]
async fn child_works_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let options = LakeOptions { grace: Duration::ZERO, ..LakeOptions::default() };
    let lake = Lake::open(Path::new(&dir), options).await.unwrap();
    let first: i64 = std::env::var("MIRANTE_KILL_FROM").unwrap().parse().unwrap();
    for number in first.. {
        step(&lake, number).await;
        println!("acknowledged {number}");
    }
}

/// Starts the child, kills it after `wait`, and returns the last step that it acknowledged.
fn kill_after(dir: &Path, from: i64, wait: Duration) -> i64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child_works_until_it_is_killed", "--nocapture"])
        .env(CHILD, dir)
        .env("MIRANTE_KILL_FROM", from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            // libtest may print its own words before ours on the same line.
            if let Some((_, number)) = line.split_once("acknowledged ") {
                sender.send(number.trim().parse::<i64>().unwrap()).unwrap();
            }
        }
    });
    std::thread::sleep(wait);
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    if let Some(status) = ended {
        let mut text = String::new();
        io_read(&mut child, &mut text);
        panic!("the child ended by itself with {status}: {text}");
    }
    lines.iter().max().unwrap_or(from - 1)
}

fn io_read(child: &mut std::process::Child, text: &mut String) {
    use std::io::Read;
    child.stderr.take().unwrap().read_to_string(text).unwrap();
}

#[tokio::test]
async fn killed_at_any_moment_loses_and_doubles_no_row() {
    let rounds: u64 = std::env::var("MIRANTE_KILL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = -1;
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..rounds {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Even a slow machine gets to its first step now and then; most kills fall into the middle of one.
        let wait = Duration::from_millis(150 + random % 700);
        acknowledged = kill_after(dir.path(), acknowledged + 1, wait).max(acknowledged);
        println!("round {round}: {acknowledged} steps acknowledged");
        check(dir.path(), acknowledged, round).await;
    }
    assert!(acknowledged >= 0, "no child lived long enough to do anything");
    // The next run goes on where the last was killed.
    let lake = open(dir.path()).await;
    step(&lake, acknowledged + 1).await;
    check(dir.path(), acknowledged + 1, rounds).await;
}

/// All rows of acknowledged steps are there once; of the step that was at work, each table has all or nothing.
async fn check(dir: &Path, acknowledged: i64, round: u64) {
    let lake = open(dir).await;
    let session = newest(&lake).await;
    for name in ["appended", "merged"] {
        // Without its first commit a table is not there, whatever of its folder is.
        if !dir.join("raw").join(name).join("_delta_log/00000000000000000000.json").exists() {
            assert_eq!(acknowledged, -1, "round {round}: {name}");
            continue;
        }
        let sql = format!("SELECT count(*), count(DISTINCT id), coalesce(max(id), -1) FROM raw.{name}");
        let found = ask(&session, &sql).await;
        let expected = |steps: i64| format!("{0}|{0}|{1}", steps * ROWS, steps * ROWS - 1);
        let (done, begun) = (expected(acknowledged + 1), expected(acknowledged + 2));
        assert!(found[0] == done || found[0] == begun, "round {round}: {name} has {found:?}, not {done}");
    }
    if acknowledged >= 0 {
        let sql =
            "SELECT count(*), max(n), min(n) FROM (SELECT _file, count(*) AS n FROM raw.files GROUP BY 1)";
        let found = ask(&session, sql).await;
        let (few, more) = ((acknowledged + 1).min(5), (acknowledged + 2).min(5));
        assert!(
            found[0] == format!("{few}|10|10") || found[0] == format!("{more}|10|10"),
            "round {round}: {found:?}"
        );
        let last = ask(&session, "SELECT step FROM last").await;
        assert!(
            last == [acknowledged.to_string()] || last == [(acknowledged + 1).to_string()],
            "round {round}: {last:?}"
        );
    }
}
