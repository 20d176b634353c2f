//! What a column of a sheet is taken for when nobody says, and what follows when somebody does.
//!
//! Invariant: whatever was said, the outcome is one that a board can be made of: one date at most, and only numbers are added up.

use connect::ColumnType;
use connect::sources::sheet::{Look, LookedAt};
use contract::uploads::{Role, UploadDraft, ValueKind};
use std::collections::BTreeMap;

/// Roles that are given without asking: a board with forty cards tells nothing.
const MOST_MEASURES: usize = 8;
const MOST_DIMENSIONS: usize = 10;
/// Different values of a dimension, at most.
const MOST_MEMBERS: u64 = 300;
/// Characters of a dimension's values, at most; longer ones are remarks.
const LONGEST_MEMBER: usize = 60;

const MONEY: [&str; 25] = [
    "valor",
    "valores",
    "preco",
    "precos",
    "receita",
    "faturamento",
    "faturado",
    "custo",
    "custos",
    "despesa",
    "despesas",
    "desconto",
    "saldo",
    "ticket",
    "salario",
    "comissao",
    "frete",
    "imposto",
    "lucro",
    "price",
    "amount",
    "revenue",
    "cost",
    "r",
    "brl",
];
const MEANS: [&str; 19] = [
    "preco",
    "price",
    "unitario",
    "unit",
    "taxa",
    "rate",
    "percentual",
    "percent",
    "pct",
    "perc",
    "margem",
    "margin",
    "media",
    "medio",
    "mean",
    "idade",
    "nota",
    "prazo",
    "score",
];
const CODES: [&str; 24] = [
    "id",
    "cod",
    "codigo",
    "code",
    "numero",
    "num",
    "nro",
    "no",
    "nf",
    "nfe",
    "pedido",
    "doc",
    "documento",
    "ano",
    "mes",
    "dia",
    "year",
    "month",
    "day",
    "filial",
    "loja",
    "sku",
    "item",
    "matricula",
];
const DATES: [&str; 10] =
    ["data", "date", "dt", "emissao", "venda", "lancamento", "competencia", "dia", "mes", "faturamento"];

/// A column with what it is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    pub kind: ValueKind,
    pub role: Role,
    pub column_type: ColumnType,
}

/// Kinds and roles of all columns of a look without types of its own.
pub fn said(look: &Look, draft: &UploadDraft) -> Vec<Said> {
    let mut said: Vec<Said> = look.columns.iter().map(|column| of_column(column, draft)).collect();
    let asked = |at: usize, role: Role| draft.roles.get(&look.columns[at].name) == Some(&role);
    let is_date = |said: &[Said], at: &usize| said[*at].role == Role::Date;
    // The date that somebody chose, else the likeliest.
    let dates: Vec<usize> = (0..said.len()).filter(|at| is_date(&said, at)).collect();
    let chosen = dates.iter().copied().find(|at| asked(*at, Role::Date));
    let likely = dates.iter().copied().max_by_key(|at| (likelihood(&look.columns[*at]), usize::MAX - at));
    for at in dates {
        if Some(at) != chosen.or(likely) {
            said[at].role = Role::LeaveOut;
        }
    }
    spare(&mut said, MOST_MEASURES, |at, one| {
        matches!(one.role, Role::Sum | Role::Mean) && !asked(at, one.role)
    });
    spare(&mut said, MOST_DIMENSIONS, |at, one| one.role == Role::Dimension && !asked(at, one.role));
    said
}

/// Leaves out what is counted beyond the most.
fn spare(said: &mut [Said], most: usize, counted: impl Fn(usize, &Said) -> bool) {
    let places: Vec<usize> = (0..said.len()).filter(|at| counted(*at, &said[*at])).collect();
    for at in places.into_iter().skip(most) {
        said[at].role = Role::LeaveOut;
    }
}

/// The types that differ from what would be detected.
pub fn overrides(look: &Look, said: &[Said]) -> BTreeMap<String, ColumnType> {
    let pairs = look.columns.iter().zip(said);
    let differs = pairs.filter(|(column, said)| column.detected != said.column_type);
    differs.map(|(column, said)| (column.name.clone(), said.column_type)).collect()
}

fn of_column(column: &LookedAt, draft: &UploadDraft) -> Said {
    let wanted = draft.roles.get(&column.name).copied();
    let mut kind = draft.kinds.get(&column.name).copied().unwrap_or_else(|| kind_of(column));
    // Who says that a column dates the rows says that it holds dates.
    if wanted == Some(Role::Date) {
        kind = ValueKind::Date;
    }
    let fits = |role: &Role| match role {
        Role::Date => kind == ValueKind::Date,
        Role::Sum | Role::Mean => kind.is_number(),
        Role::Dimension | Role::LeaveOut => true,
    };
    let role = wanted.filter(fits).unwrap_or_else(|| role_of(column, kind));
    Said { kind, role, column_type: type_of(kind, column) }
}

fn words_of(column: &LookedAt) -> impl Iterator<Item = &str> {
    column.name.split('_')
}

fn has(column: &LookedAt, words: &[&str]) -> bool {
    words_of(column).any(|word| words.contains(&word))
}

fn kind_of(column: &LookedAt) -> ValueKind {
    let currency = || column.examples.iter().any(|example| example.written.contains("R$"));
    let money = || has(column, &MONEY) && !has(column, &["taxa", "percentual", "pct", "perc"]);
    match column.likely {
        ColumnType::Text => ValueKind::Text,
        ColumnType::Integer if currency() => ValueKind::Money,
        ColumnType::Integer => ValueKind::Integer,
        ColumnType::Decimal { .. } if currency() || money() => ValueKind::Money,
        ColumnType::Decimal { .. } | ColumnType::Float => ValueKind::Decimal,
        ColumnType::Boolean => ValueKind::Flag,
        ColumnType::Date | ColumnType::Timestamp | ColumnType::Moment => ValueKind::Date,
    }
}

fn role_of(column: &LookedAt, kind: ValueKind) -> Role {
    let few = |most: u64| column.distinct.is_some_and(|distinct| (1..=most).contains(&distinct));
    match kind {
        ValueKind::Date => Role::Date,
        _ if column.values == 0 => Role::LeaveOut,
        ValueKind::Flag => Role::Dimension,
        ValueKind::Integer if has(column, &CODES) => {
            if few(60) && column.distinct.is_some_and(|distinct| distinct * 2 <= column.values) {
                Role::Dimension
            } else {
                Role::LeaveOut
            }
        }
        ValueKind::Integer | ValueKind::Decimal | ValueKind::Money => {
            if has(column, &MEANS) {
                Role::Mean
            } else {
                Role::Sum
            }
        }
        ValueKind::Text => {
            let repeats = column.values <= 20
                || column.distinct.is_some_and(|distinct| distinct * 10 <= column.values * 9);
            if few(MOST_MEMBERS) && repeats && column.longest <= LONGEST_MEMBER {
                Role::Dimension
            } else {
                Role::LeaveOut
            }
        }
    }
}

/// How likely rows are dated by this column.
fn likelihood(column: &LookedAt) -> (u64, bool) {
    (column.values, has(column, &DATES))
}

fn type_of(kind: ValueKind, column: &LookedAt) -> ColumnType {
    let decimal = |scale| ColumnType::Decimal { precision: 18, scale };
    match (kind, column.likely) {
        (ValueKind::Decimal | ValueKind::Money, ColumnType::Decimal { .. } | ColumnType::Float) => {
            column.likely
        }
        (ValueKind::Date, ColumnType::Date | ColumnType::Timestamp | ColumnType::Moment) => column.likely,
        (ValueKind::Text, _) => ColumnType::Text,
        (ValueKind::Integer, _) => ColumnType::Integer,
        (ValueKind::Money, _) | (ValueKind::Decimal, ColumnType::Integer) => decimal(2),
        (ValueKind::Decimal, _) => decimal(6),
        (ValueKind::Date, _) => ColumnType::Date,
        (ValueKind::Flag, _) => ColumnType::Boolean,
    }
}

#[cfg(test)]
mod tests;
