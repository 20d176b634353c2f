//! Measures how many rows a second are read: `cargo run --release -p connect --example read_rate -- [ROWS] [DIR STREAM]`.
//!
//! Without DIR it writes an invoice table of ROWS rows (default 1,000,000) as CSV, gzip, JSON lines, XLSX (at most 200,000) and Parquet.
//! Invariant: rates are of whole readings, both passes, until the last batch is there.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use connect::{FilesSource, ReadRequest, StreamState, sources::files::options::FilesOptions};
use parquet::arrow::ArrowWriter;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let rows: usize = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    println!(
        "{:<28} {:>10} {:>9} {:>12} {:>8} {:>10}",
        "what", "rows", "wall s", "rows/s", "cpu s", "peak MiB"
    );
    if let (Some(dir), Some(stream)) = (arguments.next(), arguments.next()) {
        measure(&stream, Path::new(&dir), &stream).map(drop)
    } else {
        invented(rows)
    }
}

fn invented(rows: usize) -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let text = invoices(rows);
    let folder = |name: &str| -> Outcome<std::path::PathBuf> {
        let path = dir.path().join(name);
        std::fs::create_dir(&path)?;
        Ok(path)
    };
    let csv = folder("csv")?;
    std::fs::write(csv.join("invoices.csv"), encoding_rs::WINDOWS_1252.encode(&text).0)?;
    measure("csv ; windows-1252", &csv, "invoices")?;
    let gz = folder("gz")?;
    let mut encoder = flate2::write::GzEncoder::new(
        std::fs::File::create(gz.join("invoices.csv.gz"))?,
        flate2::Compression::fast(),
    );
    encoder.write_all(text.as_bytes())?;
    encoder.finish()?;
    measure("csv.gz ; utf-8", &gz, "invoices")?;
    let json = folder("json")?;
    std::fs::write(json.join("invoices.jsonl"), json_lines(&text))?;
    measure("json lines", &json, "invoices")?;
    let xlsx = folder("xlsx")?;
    workbook(&text, 200_000, &xlsx.join("invoices.xlsx"))?;
    measure("xlsx", &xlsx, "invoices")?;
    let parquet = folder("parquet")?;
    to_parquet(&csv, &parquet.join("invoices.parquet"))?;
    measure("parquet", &parquet, "invoices")
}

fn measure(what: &str, dir: &Path, stream: &str) -> Outcome<()> {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let mut rows = 0;
    for piece in pieces(dir, stream)? {
        for batch in piece.batches.blocking() {
            rows += batch?.num_rows();
        }
    }
    let wall = started.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    let peak = peak_mib();
    println!("{what:<28} {rows:>10} {wall:>9.2} {:>12.0} {cpu:>8.2} {peak:>10.0}", rows as f64 / wall);
    Ok(())
}

fn pieces(dir: &Path, stream: &str) -> Outcome<Vec<connect::Piece>> {
    let source = FilesSource::new("bench", dir, FilesOptions::default())?;
    let request =
        ReadRequest { stream: stream.to_owned(), known: None, since: StreamState::default(), keys: None };
    let mut reading = source.read_now(&request)?;
    match reading.failures.pop() {
        Some(failure) => Err(failure.into()),
        None => Ok(reading.pieces),
    }
}

/// User and system time of this process, from the kernel's own account.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: f64 = after_name.split(' ').skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn invoices(rows: usize) -> String {
    const CITIES: [&str; 6] = ["São Paulo", "Curitiba", "Recife", "Belém", "Florianópolis", "Goiânia"];
    let mut text =
        String::from("DocEntry;LineNum;CardCode;ItemCode;Cidade;Data;Quantidade;Preço;Total;Observação\n");
    for row in 0..rows {
        let (quantity, cents) = (row % 17 + 1, row * 7919 % 1_000_003);
        let total = quantity * cents;
        let _ = writeln!(
            text,
            "{};{};C{:05};P{:04};{};{:02}/{:02}/{};{};{},{:02};{},{:02};{}",
            row / 3 + 1,
            row % 3,
            row % 3000,
            row % 400,
            CITIES[row % 6],
            row % 28 + 1,
            row % 12 + 1,
            2024 + row % 3,
            quantity,
            cents / 100,
            cents % 100,
            total / 100,
            total % 100,
            if row % 5 == 0 { "entrega parcial; ver pedido".replace(';', ",") } else { String::new() },
        );
    }
    text
}

fn json_lines(csv: &str) -> String {
    let mut json = String::with_capacity(csv.len() * 3);
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(';').collect();
        let _ = writeln!(
            json,
            "{{\"doc\":{},\"line\":{},\"card\":\"{}\",\"item\":\"{}\",\"city\":\"{}\",\"day\":\"{}\",\"quantity\":{},\"price\":{},\"total\":{}}}",
            cells[0],
            cells[1],
            cells[2],
            cells[3],
            cells[4],
            cells[5],
            cells[6],
            cells[7].replace(',', "."),
            cells[8].replace(',', ".")
        );
    }
    json
}

fn workbook(csv: &str, rows: usize, path: &Path) -> Outcome<()> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in csv.lines().take(rows + 1).enumerate() {
        for (column, cell) in line.split(';').enumerate() {
            match cell.replace(',', ".").parse::<f64>() {
                Ok(number) => sheet.write_number(row as u32, column as u16, number)?,
                Err(_) => sheet.write_string(row as u32, column as u16, cell)?,
            };
        }
    }
    Ok(workbook.save(path)?)
}

fn to_parquet(csv: &Path, path: &Path) -> Outcome<()> {
    let file = std::fs::File::create(path)?;
    let mut writer = None;
    for piece in pieces(csv, "invoices")? {
        let schema = Arc::clone(&piece.schema);
        let writer = writer.get_or_insert(ArrowWriter::try_new(file.try_clone()?, schema, None)?);
        for batch in piece.batches.blocking() {
            writer.write(&batch?)?;
        }
    }
    writer.map(ArrowWriter::close).transpose()?;
    Ok(())
}
