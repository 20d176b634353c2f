//! An expression as the text that it travels as.
//!
//! Evaluates nothing. Invariant: the text reads back as the same expression.

use super::{Expression, Function, Operator};
use kpi::Cell;
use std::fmt;

impl TryFrom<String> for Expression {
    type Error = String;

    fn try_from(text: String) -> Result<Expression, String> {
        Expression::parse(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> String {
        expression.to_string()
    }
}

/// A text that reads back as the same expression, with parentheses only where they are needed.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Number(Cell::Decimal { unscaled, scale }) if *scale > 0 => {
                let scale = usize::from(*scale);
                let digits = format!("{unscaled:0>width$}", width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                write!(f, "{whole}.{fraction}")
            }
            Expression::Number(Cell::Decimal { unscaled, .. }) => write!(f, "{unscaled}"),
            Expression::Number(cell) => write!(f, "{}", cell.exact().map_or(0, |(value, _)| value)),
            Expression::Name(name) => f.write_str(name),
            Expression::Negative(inner) => {
                f.write_str("-")?;
                inner.within(f, Rank::Value)
            }
            Expression::Binary(operator, left, right) => {
                let (sign, rank, next) = match operator {
                    Operator::Plus => (" + ", Rank::Sum, Rank::Product),
                    Operator::Minus => (" - ", Rank::Sum, Rank::Product),
                    Operator::Times => (" * ", Rank::Product, Rank::Factor),
                    Operator::Over => (" / ", Rank::Product, Rank::Factor),
                };
                left.within(f, rank)?;
                f.write_str(sign)?;
                right.within(f, next)
            }
            Expression::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                for (index, argument) in arguments.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write!(f, "{argument}")?;
                }
                f.write_str(")")
            }
        }
    }
}

/// How tightly an expression holds together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Sum,
    Product,
    Factor,
    Value,
}

impl Expression {
    fn rank(&self) -> Rank {
        match self {
            Expression::Binary(Operator::Plus | Operator::Minus, ..) => Rank::Sum,
            Expression::Binary(Operator::Times | Operator::Over, ..) => Rank::Product,
            Expression::Negative(_) => Rank::Factor,
            Expression::Number(_) | Expression::Name(_) | Expression::Call(..) => Rank::Value,
        }
    }

    /// Where an expression of at least this rank has to stand.
    fn within(&self, f: &mut fmt::Formatter<'_>, rank: Rank) -> fmt::Result {
        if self.rank() < rank { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

impl Function {
    fn name(self) -> &'static str {
        match self {
            Function::NullIf => "nullif",
            Function::Coalesce => "coalesce",
            Function::Abs => "abs",
            Function::Greatest => "greatest",
            Function::Least => "least",
        }
    }
}
