//! Workbooks: sheets as tables, read cell by cell.
//!
//! Does not evaluate formulas: their values as last saved count. Invariant: a sheet is never laid out as a rectangle, so that a lone cell at
//! XFD1048576 costs nothing; what unpacks to more than the limits is refused before the reader sees it.

use std::fs::File;
use std::io::BufReader;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};
use chrono::NaiveDate;

use super::header::{self, Found, Look};
use super::options::{Limits, StreamOptions};
use super::rows::{Format, RowSink, Unit};
use super::unpack::{self, Seekable};
use super::workbook_parts;
use crate::cell::Cell;
use crate::cell::shown;
use crate::errors::ConnectError;

/// Among how many of the first rows the header is looked for.
const HEADER_ROWS: usize = 60;

type Workbook = Xlsx<BufReader<File>>;

/// A workbook that was checked against the limits.
pub struct Opened {
    workbook: Workbook,
    // Holds the unpacked copy of a compressed workbook until the reader is done.
    _bytes: Seekable,
}

pub fn unreadable(file: &str, detail: impl std::fmt::Display) -> ConnectError {
    ConnectError::Format {
        file: file.to_owned(),
        expected: "a readable workbook",
        detail: detail.to_string(),
        remedy: "open and save it again in a spreadsheet program",
    }
}

/// Opens a workbook, after its parts were found to be within the limits.
pub fn open(unit: &Unit, format: &Format, limits: &Limits) -> Result<Opened, ConnectError> {
    let bytes = unpack::open_seekable(&unit.path, &unit.file, format.compression, limits)?;
    workbook_parts::check(&unit.file, bytes.handle(&unit.file)?, limits)?;
    let input = BufReader::new(bytes.handle(&unit.file)?);
    let workbook = Xlsx::new(input).map_err(|error| unreadable(&unit.file, error))?;
    Ok(Opened { workbook, _bytes: bytes })
}

/// Names of the sheets that a person sees and that have any cell, in order.
pub fn sheets_of(unit: &Unit, format: &Format, limits: &Limits) -> Result<Vec<String>, ConnectError> {
    let mut opened = open(unit, format, limits)?;
    let all: Vec<String> = visible(&opened.workbook);
    let mut filled = Vec::new();
    for name in all {
        let mut cells = cells_of(&mut opened.workbook, &unit.file, &name)?;
        let mut any = false;
        while let Some(cell) = cells.next_cell().map_err(|error| unreadable(&unit.file, error))? {
            if !matches!(cell.get_value(), DataRef::Empty) {
                any = true;
                break;
            }
        }
        if any {
            filled.push(name);
        }
    }
    Ok(filled)
}

fn visible(workbook: &Workbook) -> Vec<String> {
    let sheets = workbook.sheets_metadata().iter();
    let wanted = sheets.filter(|it| it.visible == SheetVisible::Visible && it.typ == SheetType::WorkSheet);
    wanted.map(|it| it.name.clone()).collect()
}

fn cells_of<'w>(
    workbook: &'w mut Workbook,
    file: &str,
    sheet: &str,
) -> Result<XlsxCellReader<'w, BufReader<File>>, ConnectError> {
    let known = workbook.sheets_metadata().iter().map(|it| it.name.clone()).collect::<Vec<_>>().join("`, `");
    workbook.worksheet_cells_reader(sheet).map_err(|error| match error {
        XlsxError::WorksheetNotFound(_) => ConnectError::Format {
            file: file.to_owned(),
            expected: "a workbook with the wanted sheet",
            detail: format!("it has no sheet `{sheet}`, but `{known}`"),
            remedy: "set `sheet` to one of them",
        },
        other => unreadable(file, other),
    })
}

/// Rows of a sheet, one at a time, as pairs of column and value.
struct Rows<'w> {
    cells: XlsxCellReader<'w, BufReader<File>>,
    file: String,
    ahead: Option<(u32, u32, DataRef<'w>)>,
    last_row: Option<u32>,
    /// The reader must not be asked again after its end.
    ended: bool,
}

impl<'w> Rows<'w> {
    fn new(workbook: &'w mut Workbook, unit: &Unit) -> Result<Rows<'w>, ConnectError> {
        let sheet = unit.sheet.clone().unwrap_or_default();
        let cells = cells_of(workbook, &unit.file, &sheet)?;
        Ok(Rows { cells, file: unit.file.clone(), ahead: None, last_row: None, ended: false })
    }

    fn next_cell(&mut self) -> Result<Option<(u32, u32, DataRef<'w>)>, ConnectError> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        while !self.ended {
            match self.cells.next_cell().map_err(|error| unreadable(&self.file, error))? {
                None => self.ended = true,
                Some(cell) => {
                    let (row, column) = cell.get_position();
                    let value = cell.get_value().clone();
                    if !matches!(value, DataRef::Empty) {
                        return Ok(Some((row, column, value)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Fills `row` with the next row that has any value; its number starts with 1.
    fn next_row(&mut self, row: &mut Vec<(u32, DataRef<'w>)>) -> Result<Option<u64>, ConnectError> {
        row.clear();
        let Some((number, column, value)) = self.next_cell()? else { return Ok(None) };
        if self.last_row.is_some_and(|last| number <= last) {
            return Err(unreadable(&self.file, format!("its row {} comes after a later one", number + 1)));
        }
        self.last_row = Some(number);
        row.push((column, value));
        while let Some((next, column, value)) = self.next_cell()? {
            if next != number {
                self.ahead = Some((next, column, value));
                break;
            }
            // Columns come in order; a repeated one would let a row grow without end.
            if row.last().is_some_and(|(last, _)| *last >= column) {
                return Err(unreadable(
                    &self.file,
                    format!("the cells of its row {} are out of order", number + 1),
                ));
            }
            row.push((column, value));
        }
        Ok(Some(u64::from(number) + 1))
    }
}

/// Finds the header of a sheet: its names by column, empty where a column has none.
pub fn inspect(
    opened: &mut Opened,
    unit: &Unit,
    format: &mut Format,
    options: &StreamOptions,
    limits: &Limits,
) -> Result<Vec<String>, ConnectError> {
    let mut rows = Rows::new(&mut opened.workbook, unit)?;
    let (mut row, mut first) = (Vec::new(), Vec::new());
    while first.len() < HEADER_ROWS {
        let Some(number) = rows.next_row(&mut row)? else { break };
        // A lone far cell has no place in a header.
        row.retain(|(column, _)| u64::from(*column) < limits.columns);
        first.push((number, row.clone()));
    }
    let looks: Vec<Vec<Look>> = first.iter().map(|(_, row)| looks_of(row)).collect();
    let found = match options.header_row {
        Some(0) => Found::Nowhere(0),
        Some(wanted) => match first.iter().position(|(number, _)| *number >= wanted) {
            Some(at) => Found::Row(at),
            None => return Ok(Vec::new()),
        },
        None => match header::find(&looks) {
            Some(found) => found,
            None => return Ok(Vec::new()),
        },
    };
    let (at, named) = match found {
        Found::Row(at) => (at, true),
        Found::Nowhere(at) => (at, false),
    };
    let Some((number, cells)) = first.get(at) else { return Ok(Vec::new()) };
    (format.sheet_header, format.sheet_first) =
        if named { (Some(*number), number + 1) } else { (None, *number) };
    let width =
        first[at..].iter().filter_map(|(_, row)| row.last()).map(|(column, _)| *column as usize + 1).max();
    let mut names = vec![String::new(); width.unwrap_or(0)];
    for (column, value) in cells.iter().filter(|_| named) {
        let mut text = String::new();
        match cell_of(value, &mut text) {
            Cell::Raw(bytes) => shown(bytes).trim().clone_into(&mut names[*column as usize]),
            Cell::Date(days) => names[*column as usize] = crate::moment::iso_date(days),
            Cell::Float(number) => names[*column as usize] = number.to_string(),
            _ => {}
        }
    }
    Ok(names)
}

fn looks_of(row: &[(u32, DataRef<'_>)]) -> Vec<Look> {
    let width = row.last().map_or(0, |(column, _)| *column as usize + 1);
    let mut looks = vec![Look::Empty; width];
    for (column, value) in row {
        looks[*column as usize] = header::look(cell_of(value, &mut String::new()));
    }
    looks
}

/// Hands every row of the sheet to `sink`; `width` is the number of columns of the header.
pub fn scan(
    opened: &mut Opened,
    unit: &Unit,
    format: &Format,
    width: usize,
    sink: &mut impl RowSink,
) -> Result<(), ConnectError> {
    let mut rows = Rows::new(&mut opened.workbook, unit)?;
    let mut row = Vec::new();
    // One buffer per column: values that have to be written out (times, errors) live there while the row is handed over.
    let mut texts: Vec<String> = vec![String::new(); width];
    let mut cells: Vec<Option<usize>> = vec![None; width];
    sink.columns(width);
    while let Some(number) = rows.next_row(&mut row)? {
        if number < format.sheet_first {
            continue;
        }
        if let Some((column, value)) = row.last()
            && *column as usize >= width
        {
            let mut text = String::new();
            let raw = match cell_of(value, &mut text) {
                Cell::Raw(bytes) => shown(bytes),
                other => format!("{other:?}"),
            };
            sink.reject(
                number,
                &raw,
                &format!("has a cell in column {}, the header has {width}", column + 1),
            )?;
            continue;
        }
        cells.fill(None);
        for (at, (column, value)) in row.iter().enumerate() {
            cells[*column as usize] = Some(at);
            texts[*column as usize].clear();
            cell_of(value, &mut texts[*column as usize]);
        }
        sink.row(number, |column| match cells.get(column).copied().flatten() {
            None => Cell::Empty,
            Some(at) if texts[column].is_empty() => cell_of_plain(&row[at].1),
            Some(_) => Cell::Raw(texts[column].as_bytes()),
        })?;
    }
    Ok(())
}

/// The cell of a value; what has to be written out goes into `text`.
fn cell_of<'v>(value: &'v DataRef<'_>, text: &'v mut String) -> Cell<'v> {
    match value {
        DataRef::DateTime(at) if as_cell(at).is_none() => *text = duration(at),
        DataRef::DurationIso(iso) => text.push_str(iso),
        DataRef::Error(error) => *text = error.to_string(),
        other => return cell_of_plain(other),
    }
    Cell::Raw(text.as_bytes())
}

fn cell_of_plain<'v>(value: &'v DataRef<'_>) -> Cell<'v> {
    match value {
        DataRef::Int(number) => Cell::Float(*number as f64),
        DataRef::Float(number) => Cell::Float(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) => raw(text),
        DataRef::SharedString(text) => raw(text),
        DataRef::Bool(value) => Cell::Boolean(*value),
        DataRef::DateTime(at) => as_cell(at).unwrap_or(Cell::Empty),
        DataRef::DurationIso(_) | DataRef::Error(_) | DataRef::Empty => Cell::Empty,
    }
}

fn raw(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Empty } else { Cell::Raw(text.as_bytes()) }
}

/// A serial number with a date format; `None` for times of day and durations, which are no dates.
fn as_cell(at: &ExcelDateTime) -> Option<Cell<'static>> {
    if at.is_duration() || !(1.0..2_958_466.0).contains(&at.as_f64()) {
        return None;
    }
    let (year, month, day, hour, minute, second, millisecond) = at.to_ymd_hms_milli();
    let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())?;
    let at = date.and_hms_milli_opt(hour.into(), minute.into(), second.into(), millisecond.into())?;
    let microseconds = at.and_utc().timestamp_micros();
    let whole_day = microseconds.rem_euclid(86_400_000_000) == 0;
    Some(if whole_day {
        Cell::Date(microseconds.div_euclid(86_400_000_000) as i32)
    } else {
        Cell::Timestamp(microseconds)
    })
}

/// Hours, minutes and seconds, as a time of day or a duration shows.
fn duration(at: &ExcelDateTime) -> String {
    let seconds = (at.as_f64() * 86_400.0).round() as i64;
    let (sign, seconds) = if seconds < 0 { ("-", -seconds) } else { ("", seconds) };
    format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
