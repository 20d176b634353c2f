//! The arithmetic of derived metrics: `(revenue - cost) / nullif(revenue, 0)`.
//!
//! Knows no metrics, only names. Invariant: null in, null out, and a division by zero is null; `coalesce` alone turns null into a number.

mod text;

use kpi::Cell;
use serde::{Deserialize, Serialize};

/// Travels as its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Expression {
    Number(Cell),
    Name(String),
    Negative(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    NullIf,
    Coalesce,
    Abs,
    Greatest,
    Least,
}

impl Expression {
    /// # Errors
    /// What was expected and where, in words.
    pub fn parse(text: &str) -> Result<Expression, String> {
        let mut parser = Parser { text, rest: text, depth: 0 };
        let expression = parser.sum()?;
        parser.skip_space();
        if parser.rest.is_empty() { Ok(expression) } else { Err(parser.expected("an operator")) }
    }

    /// The names it uses, in order of appearance, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect(&mut names);
        names
    }

    fn collect<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Expression::Number(_) => {}
            Expression::Name(name) if names.contains(&name.as_str()) => {}
            Expression::Name(name) => names.push(name),
            Expression::Negative(inner) => inner.collect(names),
            Expression::Binary(_, left, right) => {
                left.collect(names);
                right.collect(names);
            }
            Expression::Call(_, arguments) => arguments.iter().for_each(|argument| argument.collect(names)),
        }
    }

    /// True when it is a sum of names, each times a constant at most: then it adds up wherever its inputs do.
    pub fn is_linear(&self) -> bool {
        match self {
            Expression::Name(_) => true,
            Expression::Negative(inner) => inner.is_linear(),
            Expression::Binary(Operator::Plus | Operator::Minus, left, right) => {
                left.is_linear() && right.is_linear()
            }
            Expression::Binary(Operator::Times, left, right) => {
                (left.is_constant() && right.is_linear()) || (left.is_linear() && right.is_constant())
            }
            Expression::Binary(Operator::Over, left, right) => left.is_linear() && right.is_constant(),
            Expression::Number(_) | Expression::Call(..) => false,
        }
    }

    fn is_constant(&self) -> bool {
        self.names().is_empty()
    }

    pub fn evaluate(&self, value: &dyn Fn(&str) -> Cell) -> Cell {
        match self {
            Expression::Number(number) => number.clone(),
            Expression::Name(name) => value(name),
            Expression::Negative(inner) => Cell::Int(0).minus(&inner.evaluate(value)),
            Expression::Binary(operator, left, right) => {
                let (left, right) = (left.evaluate(value), right.evaluate(value));
                match operator {
                    Operator::Plus => left.plus(&right).unwrap_or(Cell::Null),
                    Operator::Minus => left.minus(&right),
                    Operator::Times => left.times(&right),
                    Operator::Over => left.over(&right),
                }
            }
            Expression::Call(function, arguments) => {
                let cells = arguments.iter().map(|argument| argument.evaluate(value)).collect();
                call(*function, cells)
            }
        }
    }
}

fn call(function: Function, mut cells: Vec<Cell>) -> Cell {
    match function {
        Function::Coalesce => cells.into_iter().find(|cell| !cell.is_null()).unwrap_or(Cell::Null),
        _ if cells.iter().any(Cell::is_null) && function != Function::NullIf => Cell::Null,
        Function::NullIf => {
            let equal = !cells[1].is_null() && cells[0].order(&cells[1]).is_eq();
            if equal { Cell::Null } else { cells.swap_remove(0) }
        }
        Function::Abs => {
            let negative = cells[0].number().is_some_and(|number| number < 0.0);
            if negative { Cell::Int(0).minus(&cells[0]) } else { cells.swap_remove(0) }
        }
        Function::Greatest => cells.into_iter().max_by(Cell::order).unwrap_or(Cell::Null),
        Function::Least => cells.into_iter().min_by(Cell::order).unwrap_or(Cell::Null),
    }
}

/// Parentheses within parentheses that a definition may have.
const MAX_DEPTH: usize = 64;

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn expected(&self, what: &str) -> String {
        let column = self.text.len() - self.rest.len();
        let found = self.rest.chars().next().map_or_else(|| "the end".to_owned(), |c| format!("`{c}`"));
        format!("expected {what} and found {found} after `{}`", &self.text[..column])
    }

    fn take(&mut self, symbol: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} parentheses within each other"));
        }
        let mut left = self.product()?;
        loop {
            let operator = if self.take('+') {
                Operator::Plus
            } else if self.take('-') {
                Operator::Minus
            } else {
                self.depth -= 1;
                return Ok(left);
            };
            left = Expression::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expression, String> {
        let mut left = self.factor()?;
        loop {
            let operator = if self.take('*') {
                Operator::Times
            } else if self.take('/') {
                Operator::Over
            } else {
                return Ok(left);
            };
            left = Expression::Binary(operator, Box::new(left), Box::new(self.factor()?));
        }
    }

    fn factor(&mut self) -> Result<Expression, String> {
        let mut negative = false;
        while self.take('-') {
            negative = !negative;
        }
        let value = self.value()?;
        Ok(if negative { Expression::Negative(Box::new(value)) } else { value })
    }

    fn value(&mut self) -> Result<Expression, String> {
        if self.take('(') {
            let inner = self.sum()?;
            return if self.take(')') { Ok(inner) } else { Err(self.expected("`)`")) };
        }
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match self.rest.chars().next() {
            Some(first) if is_digit(first) => {
                let digits = self.word(is_digit);
                number(digits).map(Expression::Number).ok_or_else(|| format!("`{digits}` is no number"))
            }
            Some(first) if first.is_ascii_alphabetic() || first == '_' => {
                let name = self.word(is_letter).to_owned();
                if self.take('(') { self.call(&name) } else { Ok(Expression::Name(name)) }
            }
            _ => Err(self.expected("a metric, a number or `(`")),
        }
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn call(&mut self, name: &str) -> Result<Expression, String> {
        let (function, arity) = match name.to_ascii_lowercase().as_str() {
            "nullif" => (Function::NullIf, 2..=2),
            "coalesce" => (Function::Coalesce, 1..=9),
            "abs" => (Function::Abs, 1..=1),
            "greatest" => (Function::Greatest, 1..=9),
            "least" => (Function::Least, 1..=9),
            _ => {
                return Err(format!(
                    "no function `{name}`; there are nullif, coalesce, abs, greatest and least"
                ));
            }
        };
        let mut arguments = vec![self.sum()?];
        while self.take(',') {
            arguments.push(self.sum()?);
        }
        if !self.take(')') {
            return Err(self.expected("`,` or `)`"));
        }
        if arity.contains(&arguments.len()) {
            Ok(Expression::Call(function, arguments))
        } else {
            Err(format!(
                "`{name}` takes {} to {} values and has {}",
                arity.start(),
                arity.end(),
                arguments.len()
            ))
        }
    }
}

/// An exact number: `0.5` is the decimal 5·10⁻¹.
fn number(digits: &str) -> Option<Cell> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    match u8::try_from(fraction.len()).ok()? {
        0 => Some(i64::try_from(unscaled).map_or(Cell::Decimal { unscaled, scale: 0 }, Cell::Int)),
        scale if scale <= 18 => Some(Cell::Decimal { unscaled, scale }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Cell {
        let names = |name: &str| match name {
            "a" => Cell::Int(6),
            "b" => Cell::Int(4),
            "cents" => Cell::Decimal { unscaled: 150, scale: 2 },
            _ => Cell::Null,
        };
        Expression::parse(text).unwrap().evaluate(&names)
    }

    #[test]
    fn evaluate_follows_precedence_and_keeps_exactness() {
        assert_eq!(value("a - b - 1"), Cell::Int(1));
        assert_eq!(value("a + b * 2"), Cell::Int(14));
        assert_eq!(value("(a + b) * -2"), Cell::Int(-20));
        assert_eq!(value("a / b"), Cell::Float(1.5));
        assert_eq!(value("cents * 0.5"), Cell::Decimal { unscaled: 750, scale: 3 });
        assert_eq!(value("abs(b - a) + greatest(a, b) - least(a,b)"), Cell::Int(4));
    }

    #[test]
    fn evaluate_null_and_zero_divisor_are_null() {
        assert_eq!(value("a + missing"), Cell::Null);
        assert_eq!(value("a / (b - 4)"), Cell::Null);
        assert_eq!(value("a / nullif(b - 4, 0)"), Cell::Null);
        assert_eq!(value("a + coalesce(missing, 0)"), Cell::Int(6));
    }

    #[test]
    fn parse_mistake_says_where() {
        assert_eq!(
            Expression::parse("a +").unwrap_err(),
            "expected a metric, a number or `(` and found the end after `a +`"
        );
        assert_eq!(Expression::parse("(a").unwrap_err(), "expected `)` and found the end after `(a`");
        assert_eq!(Expression::parse("a b").unwrap_err(), "expected an operator and found `b` after `a `");
        assert!(Expression::parse("sqrt(a)").unwrap_err().starts_with("no function `sqrt`"));
        assert!(Expression::parse(&"(".repeat(100_000)).is_err());
    }

    #[test]
    fn text_of_an_expression_reads_back_as_the_same() {
        for text in [
            "a - b - 1",
            "a - (b - 1)",
            "(a + b) * -2 / 0.050",
            "-(-a) - -(b * 2)",
            "a / (b / c) * 1.5",
            "nullif(a + 1, 0) + coalesce(b, -c, 12345678901234567890)",
            "abs(a) - greatest(a, b) / least(a, 0.5)",
        ] {
            let expression = Expression::parse(text).unwrap();
            assert_eq!(
                Expression::parse(&expression.to_string()),
                Ok(expression.clone()),
                "{text} → {expression}"
            );
        }
        assert_eq!(Expression::parse("a - (b * (2))").unwrap().to_string(), "a - b * 2");
        let long = vec!["a"; 500].join(" + ");
        assert_eq!(Expression::parse(&long).unwrap().to_string(), long);
    }

    #[test]
    fn is_linear_knows_sums_of_metrics() {
        assert!(Expression::parse("a - 2 * b + c / 100").unwrap().is_linear());
        assert!(!Expression::parse("a / b").unwrap().is_linear());
        assert!(!Expression::parse("a + 1").unwrap().is_linear());
    }
}
