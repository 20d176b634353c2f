//! Writes what such a company really has: exports of its systems and its spreadsheets, dirt included.
//!
//! Does not change the model. Invariant: every row written follows from the company alone; README.md lists every stream and column.

use std::io;
use std::path::Path;

use crate::calendar::{self, Day};
use crate::company::Company;

pub(crate) mod atendimento;
mod planilhas;
pub(crate) mod ploomes;
pub(crate) mod sap;
pub(crate) mod sap_documents;
mod sheet;
mod stream;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
}

/// Whose files are written, each in a folder of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Ploomes,
    /// Of the CRM's files only the passages of deals through stages, which its API does not tell.
    StageHistory,
    Sap,
    Atendimento,
    /// Of the service desk's files those that WhatsApp itself does not tell: queues, agents and conversations.
    Conversations,
    Planilhas,
}

impl Part {
    /// Everything, once.
    pub const ALL: [Part; 4] = [Part::Ploomes, Part::Sap, Part::Atendimento, Part::Planilhas];

    /// About how many rows it has.
    fn rows(self, company: &Company) -> u64 {
        let rows = match self {
            Part::Ploomes => company.deals.len() * 4 + company.contacts.len(),
            Part::StageHistory => company.deals.len() * 2,
            Part::Sap => {
                let lines = company.order_lines.len() + company.shipment_lines.len() * 2;
                let documents = company.orders.len() + company.shipments.len() + company.invoices.len();
                lines + documents + company.postings.len() * 2
            }
            Part::Conversations => company.conversations.len(),
            Part::Atendimento => {
                company.messages.len() + company.conversations.len() + company.campaigns.len() * 4
            }
            Part::Planilhas => 0,
        };
        rows as u64
    }
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

/// Writes exports under `dir`, which is made when it is not there; files of the same names are replaced.
/// `progress` is called with rows written and rows to write.
pub fn write_exports(
    company: &Company,
    dir: &Path,
    which: &[Part],
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Written> {
    let total = which.iter().map(|part| part.rows(company)).sum();
    let mut out = Out {
        dir,
        seed: company.seed,
        parts: parts(company),
        done: 0,
        total,
        progress,
        written: Written::default(),
    };
    for part in which {
        match part {
            Part::Ploomes => ploomes::write(company, &mut out)?,
            Part::StageHistory => ploomes::stage_history(company, &mut out)?,
            Part::Sap => {
                sap::write(company, &mut out)?;
                sap_documents::write(company, &mut out)?;
            }
            Part::Atendimento => atendimento::write(company, &mut out)?,
            Part::Conversations => atendimento::conversations(company, &mut out)?,
            Part::Planilhas => planilhas::write(company, &mut out)?,
        }
    }
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
