//! What a steward decides, through the command line: reading again, choosing streams, changes of columns, keys.

use crate::sources::Connected;
use crate::workspace::Workspace;
use metastore::Metastore;
use std::process::Stdio;
use std::time::Duration;

/// Rows that `mirante source sync` says it has landed.
fn landed(output: &str) -> u64 {
    let line = output.lines().last().expect("a line");
    let (_, rows) = line.split_once('\t').expect("a count");
    rows.split(' ').next().expect("a number").parse().expect("a number")
}

#[test]
fn streams_are_read_again_from_a_day_without_a_doubled_row_and_what_was_sent_stays() {
    let it = Connected::new();
    it.add();
    let first = landed(&it.workspace.succeeds(&["source", "sync", "crm"]));
    assert!(first > 100, "{first}");
    assert_eq!(landed(&it.workspace.succeeds(&["source", "sync", "crm"])), 0, "nothing is new");
    let count = || {
        let page = it.workspace.succeeds(&["source", "rows", "crm"]);
        page.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let before = count();
    let again = it.workspace.succeeds(&["source", "sync", "crm", "--from", "2026-05-01"]);
    assert!(again.contains("deals\tsince 2026-05-01\n"), "{again}");
    assert!(again.contains("deal_stage_snapshots\tstays as it is"), "{again}");
    assert!(again.lines().any(|line| line.contains("\twhole: ")), "{again}");
    let rows = landed(&again);
    assert!(rows > 0 && rows < first, "{rows} of {first}");
    assert_eq!(count(), before, "rows are merged by their keys");
    let changes = it.workspace.succeeds(&["source", "changes", "crm"]);
    assert!(changes.contains("\t*\tnoted\tread again since 2026-05-01"), "{changes}");
    let all = landed(&it.workspace.succeeds(&["source", "sync", "crm", "--from", "2000-01-01"]));
    assert!(all > rows && all <= first, "{all} of {first}");
    assert_eq!(count(), before);
}

#[test]
fn a_stream_that_is_taken_out_rests_and_keeps_its_rows() {
    let it = Connected::new();
    it.add();
    let whole = landed(&it.workspace.succeeds(&["source", "sync", "crm"]));
    let told = it.workspace.succeeds(&["source", "set", "crm", "streams=deals,users"]);
    assert!(told.contains("contacts\tresting: its rows stay"), "{told}");
    assert!(!told.contains("deals\tresting"), "{told}");
    let again = it.workspace.succeeds(&["source", "sync", "crm", "--from", "2000-01-01"]);
    assert!(again.contains("deals\t") && !again.contains("contacts\t"), "{again}");
    assert!(landed(&again) < whole);
    let rows = it.workspace.succeeds(&["source", "rows", "crm"]);
    assert!(rows.lines().any(|line| line.starts_with("contacts\t") && line.ends_with("\tresting")), "{rows}");
    let unknown = it.workspace.fails(2, &["source", "set", "crm", "streams=deals,sonhos"]);
    assert!(unknown.contains("has no stream `sonhos`; it has"), "{unknown}");
    it.workspace.succeeds(&["source", "set", "crm", "streams=all"]);
    assert!(!it.workspace.succeeds(&["source", "rows", "crm"]).contains("resting"));
}

#[test]
fn a_refused_password_is_not_tried_again_by_itself() {
    let it = Connected::new();
    it.add();
    it.workspace.succeeds(&["source", "sync", "crm"]);
    let set = it.with_key("WRONG", &["source", "set", "crm", "user_key=env:CRM_KEY"]);
    assert!(set.status.success());
    let calls = || it.crm.total();
    it.workspace.mirante(&["source", "sync", "crm"]);
    let asked = calls();
    let listed = it.workspace.succeeds(&["source", "list"]);
    assert!(listed.contains("crm") && listed.contains("sign-in refused"), "{listed}");
    let pack = it.workspace.folder("pack");
    std::fs::write(pack.join("dbt_project.yml"), "name: loja\nversion: '1.0'\n").expect("a pack");
    it.workspace.succeeds(&["pack", "add", pack.to_str().expect("a path")]);
    let run = it.workspace.mirante(&["run"]);
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("is not read until its settings are changed"), "{said}");
    assert_eq!(calls(), asked, "nobody was asked again");
    assert!(it.with_key(&it.key, &["source", "set", "crm", "user_key=env:CRM_KEY"]).status.success());
    assert!(!it.workspace.succeeds(&["source", "list"]).contains("sign-in refused"));
    it.workspace.succeeds(&["source", "sync", "crm"]);
}

#[test]
fn new_columns_are_noted_and_a_changed_type_holds_its_stream_until_it_is_accepted() {
    let workspace = Workspace::new();
    let files = workspace.folder("files");
    let write = |name: &str, text: &str| std::fs::write(files.join(name), text).expect("a file");
    for folder in ["sales", "people"] {
        std::fs::create_dir_all(files.join(folder)).expect("a folder");
    }
    write("sales/1.csv", "id,amount\n1,10\n2,20\n");
    write("people/1.csv", "id,name\n1,Ana\n");
    let path = files.to_str().expect("a path");
    let sales = "--stream=sales=sales/*.csv";
    let people = "--stream=people=people/*.csv";
    workspace.succeeds(&["source", "add", "files", "--name", "shop", "--path", path, sales, people]);
    assert_eq!(landed(&workspace.succeeds(&["source", "sync", "shop"])), 3);

    write("sales/2.csv", "id,amount,channel\n3,30.5,loja\n");
    assert_eq!(landed(&workspace.succeeds(&["source", "sync", "shop"])), 1);
    let changes = workspace.succeeds(&["source", "changes", "shop"]);
    assert!(changes.contains("\tsales\tnoted\tnew column channel (text)"), "{changes}");
    assert!(changes.contains("\tsales\tnoted\tcolumn amount: integer → decimal"), "{changes}");

    write("sales/3.csv", "id,amount,channel\n4,muito,loja\n5,pouco,site\n");
    write("people/2.csv", "id,name\n2,Rui\n");
    for _ in 0..2 {
        let refused = workspace.mirante(&["source", "sync", "shop"]);
        assert_eq!(refused.status.code(), Some(1));
    }
    let rows = workspace.succeeds(&["source", "rows", "shop"]);
    assert!(rows.contains("people\t2\t") && rows.contains("sales\t3\t"), "good streams go on: {rows}");
    let changes = workspace.succeeds(&["source", "changes", "shop"]);
    assert_eq!(changes.matches("\theld\t").count(), 1, "told once: {changes}");
    assert!(
        changes.contains("\tsales\theld\tcolumn amount: decimal") && changes.contains("→ text"),
        "{changes}"
    );

    assert!(
        workspace.fails(1, &["source", "changes", "shop", "--accept", "people"]).contains("no change waits")
    );
    workspace.succeeds(&["source", "changes", "shop", "--accept", "sales"]);
    assert!(workspace.succeeds(&["source", "changes", "shop"]).contains("\taccepted\t"));
    assert_eq!(landed(&workspace.succeeds(&["source", "sync", "shop"])), 5, "all of it is read again");
    assert!(workspace.succeeds(&["source", "rows", "shop"]).contains("sales\t5\t"));
    assert!(workspace.succeeds(&["source", "changes", "shop"]).contains("\tdone\t"));
    assert_eq!(landed(&workspace.succeeds(&["source", "sync", "shop"])), 0, "it has started again once");
}

#[test]
fn a_table_that_starts_again_is_whole_however_often_its_sync_is_killed() {
    let workspace = Workspace::new();
    let files = workspace.folder("files");
    let write = |number: u32, amount: &str| {
        let rows: String = (0..200).map(|row| format!("{number}-{row},{amount}\n")).collect();
        std::fs::write(files.join(format!("{number:02}.csv")), format!("id,amount\n{rows}")).expect("a file");
    };
    (0..15).for_each(|number| write(number, "10"));
    let path = files.to_str().expect("a path");
    workspace.succeeds(&["source", "add", "files", "--name", "shop", "--path", path, "--stream=sales=*.csv"]);
    workspace.succeeds(&["source", "sync", "shop"]);
    write(15, "muito");
    assert!(!workspace.mirante(&["source", "sync", "shop"]).status.success());
    workspace.succeeds(&["source", "changes", "shop", "--accept", "sales"]);
    for round in 0..10_u64 {
        let mut sync = workspace.command(&["source", "sync", "shop"]);
        let mut sync = sync.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        std::thread::sleep(Duration::from_millis(150 + round * 90));
        sync.kill().expect("it is killed");
        sync.wait().expect("it has ended");
    }
    workspace.succeeds(&["source", "sync", "shop"]);
    assert!(workspace.succeeds(&["source", "rows", "shop"]).contains("sales\t3200\t"));
    let changes = workspace.succeeds(&["source", "changes", "shop"]);
    assert!(changes.contains("\tdone\t") && !changes.contains("\theld\t"), "{changes}");
}

#[test]
fn a_file_that_is_corrected_withdraws_what_it_held() {
    let workspace = Workspace::new();
    let files = workspace.folder("files");
    let write = |name: &str, text: &str| std::fs::write(files.join(name), text).expect("a file");
    write("sales_1.csv", "id,amount\n1,10\n");
    let path = files.to_str().expect("a path");
    workspace.succeeds(&["source", "add", "files", "--name", "shop", "--path", path, "--stream=sales=*.csv"]);
    workspace.succeeds(&["source", "sync", "shop"]);
    write("sales_2.csv", "id,amount\n2,muito\n");
    assert!(!workspace.mirante(&["source", "sync", "shop"]).status.success());
    assert!(workspace.succeeds(&["source", "changes", "shop"]).contains("\theld\t"));
    write("sales_2.csv", "id,amount\n2,20\n");
    assert_eq!(landed(&workspace.succeeds(&["source", "sync", "shop"])), 1);
    assert!(workspace.succeeds(&["source", "changes", "shop"]).contains("\twithdrawn\t"));
}

#[test]
fn keys_are_rotated_however_often_it_is_killed_in_between() {
    let it = Connected::new();
    it.add();
    let data = it.workspace.folder("data");
    let before = std::fs::read_to_string(data.join("secret.key")).expect("a key");
    let opens = || {
        it.runtime.block_on(async {
            let metastore = Metastore::open_in(&data).await.expect("the database");
            let row = metastore.sources().await.expect("sources").remove(0);
            assert_eq!(metastore.settings_of(&row).expect("it opens")["user_key"], it.key);
        });
    };
    for round in 0..12_u64 {
        let mut rotating = it
            .workspace
            .command(&["keys", "rotate"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        std::thread::sleep(Duration::from_millis(round * 15));
        rotating.kill().expect("it is killed");
        rotating.wait().expect("it has ended");
        opens();
    }
    let told = it.workspace.succeeds(&["keys", "rotate"]);
    assert!(told.starts_with("sealed 1 secrets with the new key"), "{told}");
    let after = std::fs::read_to_string(data.join("secret.key")).expect("a key");
    assert_eq!(after.lines().count(), 1, "old keys are forgotten");
    assert!(after != before && !told.contains(after.trim()));
    opens();

    let given = "ab".repeat(32);
    let rotate = |key: &str, place: &str| {
        it.workspace
            .command(&["keys", "rotate", "--key", place])
            .env("NEW_KEY", key)
            .output()
            .expect("it starts")
    };
    assert!(rotate(&given, "env:NEW_KEY").status.success());
    assert_eq!(std::fs::read_to_string(data.join("secret.key")).expect("a key").trim(), given);
    opens();
    let refused = rotate("short", "env:NEW_KEY");
    assert!(
        !refused.status.success()
            && String::from_utf8_lossy(&refused.stderr).contains("64 hexadecimal digits")
    );
    assert_eq!(rotate("", &given).status.code(), Some(2), "a key is no argument");
    opens();
}
