//! Writes the demo company to a folder: `cargo run --release -p simulators --example write -- DIR [SCALE [SEED [TODAY]]]`.
//!
//! Beside the exports it writes `truth.csv`, the figures that a correct pipeline must reach. Does not serve anything.
//! Invariant: no argument left out changes the meaning of those given.

use std::path::PathBuf;
use std::time::Instant;

use chrono::NaiveDate;
use simulators::{Company, Part, Scale, write_exports};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("give the folder to write to")?);
    let scale = Scale::new(arguments.next().map_or(Ok(1.0), |text| text.parse())?)?;
    let seed = arguments.next().map_or(Ok(7), |text| text.parse())?;
    let today: NaiveDate = arguments
        .next()
        .as_deref()
        .unwrap_or("2026-06-30")
        .parse()
        .map_err(|_| "give TODAY as aaaa-mm-dd")?;
    let start = Instant::now();
    let company = Company::generate(scale, seed, today)?;
    eprintln!("generated in {:.2?}", start.elapsed());
    let start = Instant::now();
    let written = write_exports(&company, &dir, &Part::ALL, &mut |_, _| {})?;
    eprintln!(
        "wrote {} files, {} rows, {} bytes in {:.2?}",
        written.files,
        written.rows,
        written.bytes,
        start.elapsed()
    );
    let start = Instant::now();
    std::fs::write(dir.join("truth.csv"), company.truth().to_csv())?;
    eprintln!("counted the truth in {:.2?}", start.elapsed());
    for story in company.stories.told() {
        eprintln!(
            "{} ({}): {:?}",
            story.id,
            story.metric,
            (simulators::calendar::civil(story.from), story.cause)
        );
    }
    Ok(())
}
