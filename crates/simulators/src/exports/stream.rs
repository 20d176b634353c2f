//! One CSV stream: a file, or a folder with a file per period; encoding, formats and dirt of its system.
//!
//! Does not know the rows' meaning. Invariant: a stream's good rows are all written, whatever dirt surrounds them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Out;
use crate::calendar::{self, DAY_SECONDS, Day, Moment};
use crate::dirt::{self, Broken, Dirt};

/// How a system writes its exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `;`, UTF-8 with BOM, `1234,56`, dd/mm/aaaa hh:mm:ss.
    Ploomes,
    /// `;`, Windows-1252, `1.234,56`, dd/mm/aaaa, CRLF.
    Sap,
    /// `,`, UTF-8, ISO.
    Whatsapp,
}

/// A row in the making.
pub(super) struct Line<'a> {
    text: &'a mut String,
    dialect: Dialect,
}

impl Line<'_> {
    fn delimiter(&self) -> char {
        if self.dialect == Dialect::Whatsapp { ',' } else { ';' }
    }

    fn next(&mut self) {
        if !self.text.is_empty() {
            let delimiter = self.delimiter();
            self.text.push(delimiter);
        }
    }

    /// Text; quoted when it must be. The first column is never empty, which tells the first one from the others.
    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.next();
        if value.contains([self.delimiter(), '"', '\n']) {
            self.text.push('"');
            self.text.push_str(&value.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(value);
        }
        self
    }

    pub(super) fn empty(&mut self) -> &mut Self {
        self.text("")
    }

    pub(super) fn int(&mut self, value: i64) -> &mut Self {
        self.next();
        // Writing to a String cannot fail, here and below.
        let _ = write!(self.text, "{value}");
        self
    }

    /// Cents as an amount in the dialect's notation.
    pub(super) fn money(&mut self, cents: i64) -> &mut Self {
        self.next();
        let (whole, rest) = (cents.abs() / 100, cents.abs() % 100);
        if cents < 0 {
            self.text.push('-');
        }
        let _ = match self.dialect {
            Dialect::Whatsapp => write!(self.text, "{whole}.{rest:02}"),
            Dialect::Sap if whole >= 1_000_000 => {
                write!(
                    self.text,
                    "{}.{:03}.{:03},{rest:02}",
                    whole / 1_000_000,
                    whole / 1000 % 1000,
                    whole % 1000
                )
            }
            Dialect::Sap if whole >= 1000 => {
                write!(self.text, "{}.{:03},{rest:02}", whole / 1000, whole % 1000)
            }
            Dialect::Sap | Dialect::Ploomes => write!(self.text, "{whole},{rest:02}"),
        };
        self
    }

    pub(super) fn date(&mut self, day: Day) -> &mut Self {
        self.next();
        self.push_date(day);
        self
    }

    pub(super) fn maybe_date(&mut self, day: Option<Day>) -> &mut Self {
        match day {
            Some(day) => self.date(day),
            None => self.empty(),
        }
    }

    /// Local date and time.
    pub(super) fn moment(&mut self, at: Moment) -> &mut Self {
        self.next();
        self.push_date(at.div_euclid(DAY_SECONDS) as Day);
        let time = at.rem_euclid(DAY_SECONDS);
        self.text.push(' ');
        self.two(time / 3600);
        self.text.push(':');
        self.two(time / 60 % 60);
        self.text.push(':');
        self.two(time % 60);
        self
    }

    pub(super) fn maybe_moment(&mut self, at: Option<Moment>) -> &mut Self {
        match at {
            Some(at) => self.moment(at),
            None => self.empty(),
        }
    }

    fn push_date(&mut self, day: Day) {
        let (year, month, on) = calendar::civil(day);
        if self.dialect == Dialect::Whatsapp {
            let _ = write!(self.text, "{year:04}-");
            self.two(month.into());
            self.text.push('-');
            self.two(on.into());
        } else {
            self.two(on.into());
            self.text.push('/');
            self.two(month.into());
            let _ = write!(self.text, "/{year:04}");
        }
    }

    fn two(&mut self, value: i64) {
        self.text.push(char::from(b'0' + (value / 10) as u8));
        self.text.push(char::from(b'0' + (value % 10) as u8));
    }
}

/// Where a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `<stream>.csv`
    File,
    /// `<stream>/<PREFIX>_<period>.csv`
    Folder,
    /// The same with `.csv.gz`.
    Gzip,
}

pub(super) struct Plan<'a> {
    pub source: &'a str,
    pub stream: &'a str,
    /// Start of the file names of a folder.
    pub prefix: &'a str,
    /// Separated by blanks.
    pub columns: &'a str,
    pub dialect: Dialect,
    pub layout: Layout,
    pub dirt: Dirt,
}

struct Part {
    writer: Box<dyn Write>,
    rows: usize,
    /// Copies that come at the end of the file.
    copies: Vec<u8>,
}

pub(super) struct Stream {
    parts: Vec<Part>,
    dialect: Dialect,
    dirt: Dirt,
    /// Tells the dirt of one stream from that of another.
    number: u64,
    rows: u64,
    bytes: u64,
    text: String,
    encoded: Vec<u8>,
}

impl Stream {
    pub(super) fn open(out: &mut Out<'_>, plan: &Plan<'_>) -> io::Result<Stream> {
        let folder = out.dir.join(plan.source);
        let mut paths = Vec::new();
        if plan.layout == Layout::File {
            paths.push(folder.join(format!("{}.csv", plan.stream)));
        } else {
            let end = if plan.layout == Layout::Gzip { "csv.gz" } else { "csv" };
            let folder = folder.join(plan.stream);
            paths.extend(
                out.parts.iter().map(|(label, _)| folder.join(format!("{}_{label}.{end}", plan.prefix))),
            );
        }
        Stream::open_files(out, plan, &paths)
    }

    /// One more file of a folder stream, which takes rows of any day.
    pub(super) fn open_extra(out: &mut Out<'_>, plan: &Plan<'_>, label: &str) -> io::Result<Stream> {
        let path = out.dir.join(plan.source).join(plan.stream).join(format!("{}_{label}.csv", plan.prefix));
        Stream::open_files(out, plan, &[path])
    }

    fn open_files(out: &mut Out<'_>, plan: &Plan<'_>, paths: &[std::path::PathBuf]) -> io::Result<Stream> {
        let mut parts = Vec::with_capacity(paths.len());
        for path in paths {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let file = BufWriter::with_capacity(1 << 16, File::create(path)?);
            let writer: Box<dyn Write> = if plan.layout == Layout::Gzip {
                Box::new(GzEncoder::new(file, Compression::fast()))
            } else {
                Box::new(file)
            };
            parts.push(Part { writer, rows: 0, copies: Vec::new() });
        }
        out.written.files += parts.len();
        let number = plan.stream.bytes().fold(17, |hash: u64, byte| hash.wrapping_mul(31) + u64::from(byte));
        let mut stream = Stream {
            parts,
            dialect: plan.dialect,
            dirt: plan.dirt,
            number,
            rows: 0,
            bytes: 0,
            text: String::new(),
            encoded: Vec::new(),
        };
        let delimiter = if plan.dialect == Dialect::Whatsapp { "," } else { ";" };
        let header = plan.columns.split_whitespace().collect::<Vec<_>>().join(delimiter);
        for part in 0..stream.parts.len() {
            if plan.dialect == Dialect::Ploomes {
                stream.parts[part].writer.write_all("\u{feff}".as_bytes())?;
            }
            stream.text.clone_from(&header);
            stream.encode();
            stream.put(part)?;
        }
        Ok(stream)
    }

    /// Writes a row of a day; sometimes late, sometimes twice, sometimes with a broken line after it.
    pub(super) fn row(
        &mut self,
        out: &mut Out<'_>,
        day: Day,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> io::Result<()> {
        let late = dirt::hits(out.seed, self.number, self.rows * 2, self.dirt.late);
        let usual = if self.parts.len() == 1 { 0 } else { out.part_of(day) };
        self.row_in(out, (usual + usize::from(late)).min(self.parts.len() - 1), fill)
    }

    /// Writes a row in the file after the one where it belongs.
    pub(super) fn late_row(
        &mut self,
        out: &mut Out<'_>,
        day: Day,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> io::Result<()> {
        let part = (out.part_of(day) + 1).min(self.parts.len() - 1);
        self.row_in(out, part, fill)
    }

    fn row_in(&mut self, out: &mut Out<'_>, part: usize, fill: impl FnOnce(&mut Line<'_>)) -> io::Result<()> {
        self.text.clear();
        fill(&mut Line { text: &mut self.text, dialect: self.dialect });
        self.encode();
        self.put(part)?;
        self.rows += 1;
        self.parts[part].rows += 1;
        if dirt::hits(out.seed, self.number, self.rows * 2 + 1, self.dirt.doubled) {
            self.parts[part].copies.extend_from_slice(&self.encoded);
        }
        if let (Some(broken), 30) = (self.dirt.broken, self.parts[part].rows) {
            self.break_line(part, broken);
            self.encode();
            self.put(part)?;
        }
        out.tick();
        Ok(())
    }

    /// Turns the line just written into a broken one of a key of its own.
    fn break_line(&mut self, part: usize, broken: Broken) {
        let delimiter = if self.dialect == Dialect::Whatsapp { ',' } else { ';' };
        let line = std::mem::take(&mut self.text);
        let mut fields: Vec<&str> = line.split(delimiter).collect();
        let key = format!("{}{}", broken.key, 990_000_000 + part);
        fields[0] = &key;
        match part % 3 {
            0 => fields.truncate(3),
            1 => {
                fields[broken.date] =
                    if self.dialect == Dialect::Whatsapp { "2025-02-31" } else { "31/02/2025" }
            }
            _ => fields[broken.number] = "N/D",
        }
        self.text = fields.join(&delimiter.to_string());
    }

    /// The row in the system's encoding and with its line end.
    fn encode(&mut self) {
        self.encoded.clear();
        if self.dialect == Dialect::Sap {
            // The texts stay within Latin-1, whose bytes Windows-1252 shares.
            self.encoded.extend(self.text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')));
            self.encoded.extend_from_slice(b"\r\n");
        } else {
            self.encoded.extend_from_slice(self.text.as_bytes());
            self.encoded.push(b'\n');
        }
    }

    fn put(&mut self, part: usize) -> io::Result<()> {
        self.bytes += self.encoded.len() as u64;
        self.parts[part].writer.write_all(&self.encoded)
    }

    /// Writes the copies and closing lines, and closes the files.
    pub(super) fn finish(mut self, out: &mut Out<'_>) -> io::Result<()> {
        for part in 0..self.parts.len() {
            let copies = std::mem::take(&mut self.parts[part].copies);
            self.parts[part].writer.write_all(&copies)?;
            self.bytes += copies.len() as u64;
            if self.dirt.broken.is_some() && part == 0 {
                self.text = format!("Total de registros: {}", self.parts[part].rows);
                self.encode();
                self.encoded.push(b'\n');
                self.put(part)?;
            }
            self.parts[part].writer.flush()?;
        }
        out.written.rows += self.rows;
        out.written.bytes += self.bytes;
        Ok(())
    }
}
