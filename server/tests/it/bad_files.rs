//! Files that are wrong cost nobody else anything: one line tells which file and what to do, good files land all the same.

use crate::bad_input::{assert_says, published, revenue};
use crate::workspace::Workspace;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What a run that must succeed tells on standard error, one line for each note.
fn notes(workspace: &Workspace) -> Vec<String> {
    let output = workspace.mirante(&["run"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    error.lines().map(str::to_owned).collect()
}

fn only_note(workspace: &Workspace) -> String {
    let notes = notes(workspace);
    assert_eq!(notes.len(), 1, "one line, not: {notes:#?}");
    notes.into_iter().next().unwrap_or_default()
}

#[test]
fn unreadable_file_is_told_in_one_line_and_nothing_else_changes() {
    let (workspace, _) = published();
    let files = workspace.folder("files");
    let before = revenue(&workspace);
    let good = gzip("id;day;uf;amount\n3;03/02/2026;SC;1,00\n".repeat(50).as_bytes());
    // Members of a gzip file follow each other: 80 MB of long lines in a few kilobytes.
    let bomb = gzip(format!("9;09/02/2026;{};1,00\n", "S".repeat(500_000)).as_bytes()).repeat(160);
    let cases: [(&str, &[u8], &[&str]); 5] = [
        ("empty.csv", b"", &["empty.csv", "empty"]),
        ("cut.csv.gz", &good[..good.len() / 2], &["cut.csv.gz", "copy or export it again"]),
        ("broken.xlsx", b"PK\x03\x04 this is no workbook", &["broken.xlsx"]),
        ("noise.csv", &[0, 159, 146, 150, 0, 0, 7, 0, 1, 0, 255, 254, 0], &["noise.csv"]),
        ("bomb.csv.gz", &bomb, &["bomb.csv.gz", "limits.unpacked_ratio"]),
    ];
    for (name, bytes, words) in cases {
        let path = files.join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_says(&only_note(&workspace), words);
        assert_eq!(revenue(&workspace), before, "{name} changes nothing");
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn touched_file_is_no_news_and_a_vanished_one_is_told() {
    let (workspace, _) = published();
    let files = workspace.folder("files");
    let before = revenue(&workspace);
    let sales = files.join("sales.csv");
    std::fs::write(&sales, std::fs::read(&sales).unwrap()).unwrap();
    assert_eq!(notes(&workspace), Vec::<String>::new());
    std::fs::write(files.join("sales_2.csv"), "id;day;uf;amount\n3;03/02/2026;SC;1,00\n").unwrap();
    std::fs::remove_file(&sales).unwrap();
    assert_says(&only_note(&workspace), &["`shop`", "`sales.csv` is gone", "its rows stay"]);
    assert_eq!(revenue(&workspace), before.replace("30.75", "31.75"));
}

#[test]
fn columns_that_change_appear_or_are_refused_by_name() {
    let (workspace, _) = published();
    let sales = workspace.folder("files").join("sales.csv");
    let good = std::fs::read_to_string(&sales).unwrap();
    // A new column does no harm.
    std::fs::write(&sales, "id;day;uf;amount;seller\n1;01/02/2026;SP;10,50;Ana\n2;02/02/2026;PR;21,25;Rui\n")
        .unwrap();
    assert_eq!(notes(&workspace), Vec::<String>::new());
    let after = revenue(&workspace);
    assert!(after.contains("31.75"), "{after}");
    // A number that has become words throughout is another type.
    let worded = "id;day;uf;amount\n1;01/02/2026;SP;dez reais\n2;02/02/2026;PR;vinte reais\n";
    std::fs::write(&sales, worded).unwrap();
    assert_says(&only_note(&workspace), &["sales.csv", "`amount`", "dez reais", "correct the file"]);
    assert_eq!(revenue(&workspace), after, "what was good stays");
    std::fs::write(&sales, good).unwrap();
    assert_eq!(notes(&workspace), Vec::<String>::new());
    assert!(revenue(&workspace).contains("30.75"), "the next run goes on");
}

#[test]
fn source_that_cannot_be_read_does_not_stop_the_others() {
    let (workspace, _) = published();
    let gone = workspace.folder("away");
    std::fs::write(gone.join("x.csv"), "a;b\n1;2\n").unwrap();
    // Named so that it is read before the good one.
    workspace.succeeds(&["source", "add", "files", "--name", "away", "--path", gone.to_str().unwrap()]);
    std::fs::remove_dir_all(&gone).unwrap();
    std::fs::write(workspace.folder("files").join("sales_2.csv"), "id;day;uf;amount\n3;03/02/2026;SC;1,00\n")
        .unwrap();
    assert_says(&only_note(&workspace), &["`away`", "check that it exists"]);
    assert!(revenue(&workspace).contains("31.75"));
}

/// A disk of eight megabytes below `path`; unmounted at the end.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(path: &'a Path) -> Option<SmallDisk<'a>> {
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(path)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(SmallDisk(path)),
            _ => {
                println!("skipped: only root may mount a small disk, and not everywhere");
                None
            }
        }
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // Best effort: the temporary folder around it tells if something is left.
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// 20,000 rows of one real each, with text that does not compress.
fn large_file() -> String {
    let mut text = String::from("id;day;uf;amount\n");
    let mut noise = 1_u64;
    for id in 10..20_010 {
        let _ = write!(text, "{id};03/02/2026;");
        for _ in 0..4 {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let _ = write!(text, "{:08x}", noise >> 32);
        }
        text.push_str(";1,00\n");
    }
    text
}

#[test]
fn full_disk_is_told_and_the_next_run_goes_on() {
    let around = Workspace::new();
    let data = around.folder("data");
    let Some(disk) = SmallDisk::mount(&data) else { return };
    let (model, pack) = published();
    let pack_path = pack.to_str().unwrap();
    let files = model.folder("files");
    around.run_pack(pack_path, "shop", &files);
    let before = revenue(&around);
    // So little is left that the platform database can still note the run, but the new rows do not fit.
    let filler = data.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    file.set_len(file.metadata().unwrap().len() - (400 << 10)).unwrap();
    drop(file);
    std::fs::write(files.join("sales_2.csv"), large_file()).unwrap();
    let output = around.mirante(&["run"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    // The object store logs lines of its own before the command's one.
    assert_says(
        error.lines().last().unwrap_or_default(),
        &["mirante: ", "`raw.shop__sales` is full", "free some space"],
    );
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(revenue(&around), before, "readers stay on the last good edition");
    assert_eq!(notes(&around), Vec::<String>::new());
    assert!(revenue(&around).contains("20030.75"), "the next run goes on");
    drop(disk);
}
