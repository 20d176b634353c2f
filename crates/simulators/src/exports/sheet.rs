//! One XLSX file with one sheet.
//!
//! Invariant: the same cells give the same bytes: no clock goes into the file.

use std::io;
use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use crate::calendar::{self, Day};

pub(super) enum Cell {
    Text(String),
    Number(f64),
    Date(Day),
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        if text.is_empty() { Cell::Empty } else { Cell::Text(text.into()) }
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Cell {
        Cell::Number(number as f64)
    }
}

/// A cell with an amount of cents, in reais.
pub(super) fn money(cents: i64) -> Cell {
    Cell::Number(cents as f64 / 100.0)
}

pub(super) struct Sheet<'a> {
    pub name: &'a str,
    /// In row 1, with a blank row under it.
    pub title: Option<&'a str>,
    pub header: &'a [&'a str],
    pub rows: Vec<Vec<Cell>>,
}

impl Sheet<'_> {
    /// Writes the file; returns its bytes.
    pub(super) fn save(&self, path: &Path) -> io::Result<u64> {
        let bytes = self.bytes().map_err(io::Error::other)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, &bytes)?;
        Ok(bytes.len() as u64)
    }

    fn bytes(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let born = ExcelDateTime::from_ymd(2024, 1, 2)?;
        workbook.set_properties(
            &DocProperties::new().set_author("Serra Azul Distribuidora").set_creation_datetime(&born),
        );
        let dates = Format::new().set_num_format("dd/mm/yyyy");
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet();
        sheet.set_name(self.name)?;
        let mut row = 0;
        if let Some(title) = self.title {
            sheet.write_string_with_format(0, 0, title, &bold)?;
            row = 2;
        }
        for (column, name) in self.header.iter().enumerate() {
            sheet.write_string_with_format(row, column as u16, *name, &bold)?;
        }
        for cells in &self.rows {
            row += 1;
            for (column, cell) in cells.iter().enumerate() {
                let column = column as u16;
                match cell {
                    Cell::Text(text) => sheet.write_string(row, column, text)?,
                    Cell::Number(number) => sheet.write_number(row, column, *number)?,
                    Cell::Date(day) => {
                        sheet.write_datetime_with_format(row, column, excel_date(*day)?, &dates)?
                    }
                    Cell::Empty => continue,
                };
            }
        }
        workbook.save_to_buffer()
    }
}

fn excel_date(day: Day) -> Result<ExcelDateTime, XlsxError> {
    let (year, month, on) = calendar::civil(day);
    ExcelDateTime::from_ymd(year as u16, month as u8, on as u8)
}
