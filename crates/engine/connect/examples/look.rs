//! Shows what a folder of files is taken for, and what reading it gives: `cargo run --release -p connect --example look -- DIR`.
//!
//! Does not land anything. Invariant: it prints what a run would land.

use std::collections::BTreeMap;
use std::time::Instant;

use arrow::array::AsArray;
use connect::{FilesOptions, FilesSource, ReadRequest, StreamState};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args().nth(1).ok_or("give a folder")?;
    let source = FilesSource::new("look", dir, FilesOptions::default())?;
    let started = Instant::now();
    let found = source.discover_now()?;
    println!("discovered in {:.2} s", started.elapsed().as_secs_f64());
    for stream in &found.streams {
        println!("\n{} ({} files)", stream.table, stream.files.len());
        for column in &stream.columns {
            println!(
                "  {:<28} {:<16} {:>9} values   {}",
                column.name, column.column_type, column.values, column.source_name
            );
        }
        if let Some(file) = stream.files.first() {
            println!("  {}: {}", file.path, file.format);
        }
        let request = ReadRequest {
            stream: stream.name.clone(),
            known: None,
            since: StreamState::default(),
            keys: None,
        };
        let (mut rows, mut rejected, mut reasons) = (0, 0, BTreeMap::<String, usize>::new());
        let reading = source.read_now(&request)?;
        for failure in &reading.failures {
            println!("  FAILED {failure}");
        }
        for piece in reading.pieces {
            for batch in piece.batches.blocking() {
                rows += batch?.num_rows();
            }
            rejected += piece.rejects.count();
            let rejects = piece.rejects.take();
            let column = |at: usize| rejects.column(at).as_string::<i32>().iter();
            for ((name, value), reason) in column(2).zip(column(3)).zip(column(4)) {
                let key =
                    format!("{} `{}` {}", name.unwrap_or("-"), value.unwrap_or(""), reason.unwrap_or(""));
                *reasons.entry(key).or_default() += 1;
            }
        }
        println!("  {rows} rows, {rejected} rejected");
        for (reason, count) in reasons.iter().take(12) {
            println!("    {count} × {reason}");
        }
    }
    println!(
        "\nall in {:.2} s; {} ignored; problems: {:#?}",
        started.elapsed().as_secs_f64(),
        found.ignored.len(),
        found.problems
    );
    Ok(())
}
