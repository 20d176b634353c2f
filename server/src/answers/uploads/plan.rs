//! What is written as a pack: the columns by their roles, under a name that nobody has.
//!
//! Invariant: a plan has a date and at least one row that counts.

use super::Understood;
use super::shown::label_of;
use chrono::NaiveDate;
use connect::ColumnType;
use connect::sources::sheet::LookedAt;
use contract::uploads::{Refusal, Role, ValueKind};
use lake::arrow::datatypes::Date32Type;
use pipeline::sheet_pack::{DateColumn, Dimension, DimensionOf, Measure, SheetPlan, Shown};

/// Characters of a name; tables are called after it.
const LONGEST: usize = 40;
/// Names of the root of all packs and of what dbt has itself.
const RESERVED: [&str; 3] = ["mirante_workspace", "mirante", "dbt"];

/// `vendas` of `Vendas`, or `vendas_2` where that is taken.
pub(super) fn free_name(title: &str, taken: impl Fn(&str) -> bool) -> String {
    let whole = connect::sql_name(title);
    let short: String = whole.chars().take(LONGEST).collect();
    let short = short.trim_matches('_');
    let base = if short.is_empty() { "planilha" } else { short };
    let names = std::iter::once(base.to_owned()).chain((2..).map(|copy| format!("{base}_{copy}")));
    let mut free = names.filter(|name| !RESERVED.contains(&name.as_str()) && !taken(name));
    free.next().unwrap_or_else(|| base.to_owned())
}

/// `covered` is how far the workspace's data reaches now, none when nothing is published.
pub(super) fn plan(
    understood: &Understood,
    name: &str,
    (yesterday, covered): (NaiveDate, Option<NaiveDate>),
) -> Result<SheetPlan, Refusal> {
    let columns = || understood.look.columns.iter().zip(&understood.said);
    if understood.look.rows == 0 {
        return Err(Refusal::NothingFits);
    }
    let (dated, _) = columns().find(|(_, said)| said.role == Role::Date).ok_or(Refusal::NoDate)?;
    let day = |days: i32| Date32Type::to_naive_date_opt(days);
    let span = dated.span.and_then(|(from, to)| Some((day(from)?, day(to)?))).ok_or(Refusal::NothingFits)?;
    let measure = |(column, said): (&LookedAt, &super::columns::Said)| {
        let mean = match said.role {
            Role::Sum => false,
            Role::Mean => true,
            Role::Date | Role::Dimension | Role::LeaveOut => return None,
        };
        let shown = match (said.kind, column.column_type) {
            (ValueKind::Money, _) => Shown::Money,
            (_, ColumnType::Integer) => Shown::Integer,
            (_, ColumnType::Decimal { scale, .. }) => Shown::Decimal(scale),
            _ => Shown::Decimal(2),
        };
        Some(Measure { column: column.name.clone(), label: label_of(column), mean, shown })
    };
    let dimension = |(column, said): (&LookedAt, &super::columns::Said)| {
        let of = match column.column_type {
            ColumnType::Text => DimensionOf::Text,
            ColumnType::Boolean => DimensionOf::Flag,
            _ => DimensionOf::Other,
        };
        let label = label_of(column);
        (said.role == Role::Dimension).then(|| Dimension { column: column.name.clone(), label, of })
    };
    let texts = || columns().filter(|(column, _)| column.column_type == ColumnType::Text);
    let leave_totals = understood.look.totals > 0 && !understood.keep_totals;
    Ok(SheetPlan {
        name: name.to_owned(),
        title: understood.title.clone(),
        file: understood.kept.file.clone(),
        date: DateColumn { column: dated.name.clone(), label: label_of(dated) },
        measures: columns().filter_map(measure).collect(),
        dimensions: columns().filter_map(dimension).collect(),
        totals_in: texts().filter(|_| leave_totals).map(|(column, _)| column.name.clone()).collect(),
        span,
        covered: covered.into_iter().chain([span.1.min(yesterday)]).max().unwrap_or(yesterday),
    })
}

/// Columns that the pack reads, the date first.
pub(super) fn used(plan: &SheetPlan) -> Vec<String> {
    let measures = plan.measures.iter().map(|measure| &measure.column);
    let dimensions = plan.dimensions.iter().map(|dimension| &dimension.column);
    std::iter::once(&plan.date.column).chain(measures).chain(dimensions).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_name_is_a_sql_name_that_nobody_has() {
        let taken = |name: &str| matches!(name, "vendas" | "vendas_2");
        assert_eq!(free_name("Vendas", taken), "vendas_3");
        assert_eq!(free_name("Orçamento 2026 (R$)", taken), "orcamento_2026_r");
        assert_eq!(free_name("2026", taken), "c_2026");
        assert_eq!(free_name("***", taken), "planilha");
        assert_eq!(free_name("mirante", taken), "mirante_2");
        assert_eq!(free_name(&"abc ".repeat(40), taken).len(), 39);
    }
}
