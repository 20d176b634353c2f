//! The figures that a correct pipeline must reach, counted from the model and not from the files.
//!
//! Does not share arithmetic with the engine. Invariant: numerators and denominators are exact integers (money in cents).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::calendar;
use crate::company::places::{FILIAIS, PLACES};
use crate::company::{CHANNELS, Company, SEGMENTS, contracts, events, products, whatsapp};

mod acquisition;
mod recurring;
mod sales;
mod service;

/// One figure: `numerator ÷ denominator` of a metric in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthRow {
    pub metric: &'static str,
    /// `aaaa-mm`.
    pub month: String,
    /// Empty for the total.
    pub dimension: &'static str,
    pub member: String,
    pub numerator: i64,
    pub denominator: i64,
}

/// All figures, ordered by metric, month, dimension and member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    pub rows: Vec<TruthRow>,
}

impl Truth {
    pub(crate) fn of(company: &Company) -> Truth {
        let mut tally = Tally::default();
        acquisition::count(company, &mut tally);
        recurring::count(company, &mut tally);
        sales::count(company, &mut tally);
        service::count(company, &mut tally);
        let named = |((metric, month, dimension, member), (numerator, denominator))| TruthRow {
            metric,
            month: calendar::month_label(month),
            dimension,
            member: member_name(dimension, member),
            numerator,
            denominator,
        };
        Truth { rows: tally.0.into_iter().map(named).collect() }
    }

    /// (numerator, denominator) of a figure; zeros when nothing was counted.
    pub fn get(&self, metric: &str, month: &str, dimension: &str, member: &str) -> (i64, i64) {
        self.rows
            .iter()
            .find(|row| {
                row.metric == metric
                    && row.month == month
                    && row.dimension == dimension
                    && row.member == member
            })
            .map_or((0, 0), |row| (row.numerator, row.denominator))
    }

    /// CSV with a header, `,` and decimal points not needed.
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("metric,month,dimension,member,numerator,denominator\n");
        for row in &self.rows {
            let TruthRow { metric, month, dimension, member, numerator, denominator } = row;
            // Writing to a String cannot fail.
            let _ = writeln!(csv, "{metric},{month},{dimension},{member},{numerator},{denominator}");
        }
        csv
    }
}

/// No member: the total, or a cost without canal.
const NONE: u32 = u32::MAX;

/// (metric, month, dimension, number of the member) → (numerator, denominator).
#[derive(Default)]
struct Tally(BTreeMap<(&'static str, i32, &'static str, u32), (i64, i64)>);

impl Tally {
    fn add(
        &mut self,
        metric: &'static str,
        month: i32,
        dimension: &'static str,
        member: u32,
        figure: (i64, i64),
    ) {
        let sum = self.0.entry((metric, month, dimension, member)).or_default();
        sum.0 += figure.0;
        sum.1 += figure.1;
    }

    /// To the total and to each dimension.
    fn add_by(
        &mut self,
        metric: &'static str,
        month: i32,
        figure: (i64, i64),
        members: &[(&'static str, u32)],
    ) {
        self.add(metric, month, "", NONE, figure);
        for &(dimension, member) in members {
            self.add(metric, month, dimension, member, figure);
        }
    }
}

fn member_name(dimension: &str, member: u32) -> String {
    let index = member as usize;
    if member == NONE {
        return String::new();
    }
    match dimension {
        "canal" => CHANNELS[index].into(),
        "segmento" => SEGMENTS[index].into(),
        "uf" => PLACES[index].uf.into(),
        "filial" => FILIAIS[index - 1].0.to_string(),
        "plano" => contracts::PLANS[index].0.into(),
        "produto" => products::code(index),
        "familia" => products::FAMILIES[index].into(),
        "fila" => whatsapp::QUEUES[index].0.into(),
        "agente" => crate::exports::agent_code(index),
        "evento" => events::code(index),
        _ => unreachable!("dimension `{dimension}` has no names"),
    }
}
