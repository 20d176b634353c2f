//! `mirante query`: one question from the command line; prints the frame and nothing else.

use super::user;
use crate::config::{Config, Place};
use crate::house::House;
use crate::terminal::BadUsage;
use anyhow::{Result, anyhow};
use chrono::NaiveDate;
use clap::ValueEnum;
use kpi::{
    Cell, Compare, Filter, FilterOp, Frame, Grain, MetricQuery, Order, OrderDirection, PeriodSpec, Role,
};
use std::io::Write;

#[derive(clap::Args)]
pub struct Query {
    /// Metrics, separated by commas
    #[arg(long, required = true, value_delimiter = ',', value_name = "METRICS")]
    metric: Vec<String>,
    /// Dimensions to break down by, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "DIMENSIONS")]
    by: Vec<String>,
    /// day, week, month, quarter or year
    #[arg(long)]
    grain: Option<String>,
    /// First day; with --to
    #[arg(long, requires = "to", value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day, included
    #[arg(long, requires = "from", value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Instead of --from and --to: 30day, 13week, 12month; or this-month, this-quarter …
    #[arg(long, conflicts_with = "from", value_name = "PERIOD")]
    period: Option<String>,
    /// dimension=member,member or dimension!=member; may be given often
    #[arg(long = "where", value_name = "FILTER")]
    filters: Vec<String>,
    /// previous_period or same_period_last_year
    #[arg(long)]
    compare: Option<String>,
    /// Sort by a column: revenue, -revenue (descending), -revenue.delta
    #[arg(long, allow_hyphen_values = true, value_name = "COLUMN")]
    order: Option<String>,
    #[arg(long)]
    limit: Option<u32>,
    /// Answer from this edition instead of the current one
    #[arg(long, value_name = "NUMBER")]
    edition: Option<u64>,
    /// Answer as this person would be answered; by default as whoever may see everything
    #[arg(long = "as", value_name = "USER")]
    principal: Option<String>,
    #[arg(long, value_enum, default_value_t = Shape::Table)]
    format: Shape,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shape {
    Table,
    Csv,
    Json,
}

impl Query {
    pub async fn run(self, place: &Place) -> Result<()> {
        let query = self.question()?;
        let house = House::open(Config::load(place)?).await?;
        let principal = match &self.principal {
            Some(id) => user::found(&house, id).await?,
            None => user::console(),
        };
        let frame = house
            .reader
            .ask(&principal, &[query])
            .await?
            .pop()
            .ok_or_else(|| anyhow!("the question got no answer"))??;
        let text = match self.format {
            Shape::Json => serde_json::to_string_pretty(&frame)? + "\n",
            Shape::Csv => csv_text(&frame)?,
            Shape::Table => table_text(&frame),
        };
        // A reader that has seen enough closes the pipe; that is no error.
        match std::io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn question(&self) -> Result<MetricQuery> {
        let period = match (self.from, self.to, &self.period) {
            (Some(from), Some(to), _) => PeriodSpec::Between { from, to },
            (_, _, Some(text)) => period(text)?,
            _ => PeriodSpec::This { this: Grain::Month },
        };
        Ok(MetricQuery {
            metrics: self.metric.clone(),
            by: self.by.clone(),
            grain: self.grain.as_deref().map(grain).transpose()?,
            period,
            filters: self.filters.iter().map(|text| filter(text)).collect::<Result<_>>()?,
            compare: match self.compare.as_deref() {
                None | Some("none") => Compare::None,
                Some("previous_period") => Compare::PreviousPeriod,
                Some("same_period_last_year") => Compare::SamePeriodLastYear,
                Some(other) => {
                    let known = "previous_period, same_period_last_year or none";
                    return Err(BadUsage(format!("--compare `{other}` is not known; use {known}")).into());
                }
            },
            match_weekday: false,
            order: self.order.iter().map(|text| order(text)).collect(),
            limit: self.limit,
            edition: self.edition,
        })
    }
}

fn grain(text: &str) -> Result<Grain> {
    Grain::parse(text).ok_or_else(|| {
        BadUsage(format!("`{text}` is no grain; use day, week, month, quarter or year")).into()
    })
}

fn period(text: &str) -> Result<PeriodSpec> {
    if let Some(unit) = text.strip_prefix("this-") {
        return Ok(PeriodSpec::This { this: grain(unit)? });
    }
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let last = count
        .parse()
        .map_err(|_| BadUsage(format!("`{text}` is no period; use 30day, 12month, this-month …")))?;
    Ok(PeriodSpec::Last { last, unit: grain(unit.trim_end_matches('s'))? })
}

fn filter(text: &str) -> Result<Filter> {
    let Some((dimension, values)) = text.split_once('=') else {
        return Err(BadUsage(format!("--where `{text}` needs the form dimension=member,member")).into());
    };
    let (dimension, op) = match dimension.strip_suffix('!') {
        Some(dimension) => (dimension, FilterOp::NotIn),
        None => (dimension, FilterOp::In),
    };
    Ok(Filter { dimension: dimension.to_owned(), op, values: values.split(',').map(str::to_owned).collect() })
}

fn order(text: &str) -> Order {
    match text.strip_prefix('-') {
        Some(by) => Order { by: by.to_owned(), dir: OrderDirection::Desc },
        None => Order { by: text.to_owned(), dir: OrderDirection::Asc },
    }
}

/// Column names as the API calls them; what is not the value carries its role.
fn names(frame: &Frame) -> Vec<String> {
    frame
        .columns
        .iter()
        .map(|column| match column.role {
            Role::Dimension | Role::Value => column.name.clone(),
            Role::Comparison => format!("{}.comparison", column.name),
            Role::Delta => format!("{}.delta", column.name),
        })
        .collect()
}

/// Machine-readable: decimal point, no thousands, full precision, empty for null.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::Decimal { unscaled, scale } => decimal(*unscaled, usize::from(*scale)),
        Cell::Float(value) => value.to_string(),
        Cell::Date(value) => value.to_string(),
        Cell::Text(value) => value.clone(),
    }
}

fn decimal(unscaled: i128, scale: usize) -> String {
    if scale == 0 {
        return unscaled.to_string();
    }
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

fn csv_text(frame: &Frame) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(names(frame))?;
    for row in &frame.rows {
        writer.write_record(row.iter().map(plain))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn table_text(frame: &Frame) -> String {
    let mut lines = vec![names(frame)];
    lines.extend(frame.rows.iter().map(|row| row.iter().map(plain).collect()));
    let widths: Vec<usize> = (0..frame.columns.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for line in &lines {
        for (index, cell) in line.iter().enumerate() {
            let right = !matches!(frame.columns[index].kind.as_str(), "text" | "date");
            let gap = " ".repeat(widths[index] - cell.chars().count());
            let separator = if index == 0 { "" } else { "  " };
            text.push_str(separator);
            text.push_str(&if right { format!("{gap}{cell}") } else { format!("{cell}{gap}") });
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_is_written_without_rounding() {
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(128_472_957, 2), "1284729.57");
        assert_eq!(decimal(7, 0), "7");
    }

    #[test]
    fn filter_reads_members_and_negation() {
        let filter = filter("uf!=SP,PR").unwrap();
        assert_eq!(
            (filter.dimension.as_str(), filter.op, filter.values),
            ("uf", FilterOp::NotIn, vec!["SP".to_owned(), "PR".to_owned()])
        );
    }

    #[test]
    fn period_reads_counts_and_units() {
        assert_eq!(period("13weeks").unwrap(), PeriodSpec::Last { last: 13, unit: Grain::Week });
        assert_eq!(period("this-quarter").unwrap(), PeriodSpec::This { this: Grain::Quarter });
        assert!(period("soon").is_err());
    }
}
