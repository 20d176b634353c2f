//! Writes what such a company really has: exports of its systems and its spreadsheets, dirt included.
//!
//! Does not change the model. Invariant: every row written follows from the company alone; README.md lists every stream and column.

use std::io;
use std::path::Path;

use crate::calendar::{self, Day};
use crate::company::Company;

mod planilhas;
pub(crate) mod ploomes;
pub(crate) mod sap;
pub(crate) mod sap_documents;
mod sheet;
mod stream;
mod whatsapp;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
}

/// `AG01`.
pub(crate) fn agent_code(index: usize) -> String {
    format!("AG{:02}", index + 1)
}

/// A folder that is being filled, and how far that has come.
struct Out<'a> {
    dir: &'a Path,
    seed: u64,
    /// Name and first month of each file of a folder stream.
    parts: Vec<(String, i32)>,
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
    written: Written,
}

impl Out<'_> {
    fn tick(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(8192) {
            (self.progress)(self.done.min(self.total), self.total);
        }
    }

    /// The file of a folder stream in which a day belongs.
    fn part_of(&self, day: Day) -> usize {
        let month = calendar::month_of(day);
        self.parts.partition_point(|(_, first)| *first <= month).saturating_sub(1)
    }
}

/// Writes all exports under `dir`, which is made when it is not there; files of the same names are replaced.
/// `progress` is called with rows written and rows to write.
pub fn write_exports(
    company: &Company,
    dir: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Written> {
    let total = company.rows();
    let mut out = Out {
        dir,
        seed: company.seed,
        parts: parts(company),
        done: 0,
        total,
        progress,
        written: Written::default(),
    };
    ploomes::write(company, &mut out)?;
    sap::write(company, &mut out)?;
    sap_documents::write(company, &mut out)?;
    whatsapp::write(company, &mut out)?;
    planilhas::write(company, &mut out)?;
    (out.progress)(total, total);
    Ok(out.written)
}

/// One file per closed year, then one per month of the current year.
fn parts(company: &Company) -> Vec<(String, i32)> {
    let (first, last) = (company.horizon.first_month(), company.horizon.last_month());
    let this_year = last.div_euclid(12) * 12;
    let mut parts = Vec::new();
    for month in first..=last {
        if month >= this_year {
            parts.push((calendar::month_label(month), month));
        } else if month == first || month.rem_euclid(12) == 0 {
            parts.push((month.div_euclid(12).to_string(), month));
        }
    }
    parts
}

impl Company {
    /// About how many rows the exports have.
    pub(crate) fn rows(&self) -> u64 {
        let lines = self.order_lines.len() + self.shipment_lines.len() * 2;
        let documents = self.orders.len() + self.shipments.len() + self.invoices.len();
        let deals = self.deals.len() * 4 + self.contacts.len();
        let talk = self.messages.len() + self.conversations.len() + self.campaigns.len() * 4;
        (lines + documents + deals + talk + self.postings.len() * 2) as u64
    }
}
