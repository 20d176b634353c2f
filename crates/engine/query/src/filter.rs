//! Conditions of definitions: MetricFlow's Jinja around SQL, with the dimensions that it names taken out.
//!
//! Does not know what a dimension is (`catalogue`). Invariant: the SQL between the braces is the author's own; nothing that a reader of a
//! board types passes through here.

use kpi::Grain;
use minijinja::value::{Object, Rest};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Something that a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mention {
    /// `Dimension('customer__uf')`, `Entity('customer')`.
    Column(String),
    /// `TimeDimension('metric_time', 'month')`, `Dimension('…').grain('month')`.
    Time(String, Grain),
}

/// A condition as pieces of SQL and what stands between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Always one more than mentions.
    pub pieces: Vec<String>,
    pub mentions: Vec<Mention>,
}

/// What is written in the place of a mention until it is known what it means; no SQL holds these characters.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

type Mentions = Arc<Mutex<Vec<Mention>>>;

#[derive(Debug)]
struct Token {
    index: usize,
    mentions: Mentions,
}

impl Object for Token {
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}{}{CLOSE}", self.index)
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match (method, args) {
            ("grain", [grain]) => {
                let grain = read_grain(grain)?;
                let mut mentions = self.mentions.lock().unwrap_or_else(PoisonError::into_inner);
                let (Mention::Column(name) | Mention::Time(name, _)) = mentions[self.index].clone();
                mentions[self.index] = Mention::Time(name, grain);
                drop(mentions);
                Ok(Value::from_dyn_object(self.clone()))
            }
            _ => Err(Error::new(
                ErrorKind::UnknownMethod,
                format!("a dimension has no `{method}`; there is only .grain('month')"),
            )),
        }
    }
}

fn read_grain(value: &Value) -> Result<Grain, Error> {
    let grain = value.as_str().and_then(Grain::parse);
    grain.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("`{value}` is no grain; use day, week, month, quarter or year"),
        )
    })
}

impl Condition {
    /// # Errors
    /// What Jinja says about the text.
    pub(crate) fn parse(text: &str) -> Result<Condition, String> {
        let mentions: Mentions = Arc::default();
        let mut jinja = Environment::new();
        jinja.set_undefined_behavior(UndefinedBehavior::Strict);
        for function in ["Dimension", "Entity", "TimeDimension"] {
            let mentions = mentions.clone();
            jinja.add_function(function, move |args: Rest<Value>| mention(function, &args.0, &mentions));
        }
        let rendered = jinja
            .render_str(text, ())
            .map_err(|error| error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))?;
        let mentions = mentions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if rendered.trim().is_empty() {
            return Err("the condition is empty".to_owned());
        }
        Ok(split(&rendered, &mentions))
    }

    /// The SQL, in parentheses, with each mention written as `column` says.
    pub(crate) fn sql<E>(&self, mut column: impl FnMut(&Mention) -> Result<String, E>) -> Result<String, E> {
        let mut sql = format!("({}", self.pieces[0].trim_start());
        for (mention, piece) in self.mentions.iter().zip(&self.pieces[1..]) {
            sql.push_str(&column(mention)?);
            sql.push_str(piece);
        }
        Ok(format!("{})", sql.trim_end()))
    }
}

fn mention(function: &str, args: &[Value], mentions: &Mentions) -> Result<Value, Error> {
    let wrong = |text: &str| Error::new(ErrorKind::InvalidOperation, text.to_owned());
    let name = args
        .first()
        .and_then(Value::as_str)
        .ok_or_else(|| wrong("write the name of a dimension, as in Dimension('order__status')"))?;
    let mention = match (function, args.get(1)) {
        ("TimeDimension", Some(grain)) => Mention::Time(name.to_owned(), read_grain(grain)?),
        ("TimeDimension", None) => Mention::Time(name.to_owned(), Grain::Day),
        (_, Some(path)) if path.len() != Some(0) => {
            return Err(wrong(
                "an entity path is not supported; write the path into the name, as in Dimension('order__customer__uf')",
            ));
        }
        _ => Mention::Column(name.to_owned()),
    };
    let mut list = mentions.lock().unwrap_or_else(PoisonError::into_inner);
    list.push(mention);
    let index = list.len() - 1;
    drop(list);
    Ok(Value::from_object(Token { index, mentions: mentions.clone() }))
}

/// Mentions in the order in which they stand in the text, which need not be the order in which Jinja met them.
fn split(rendered: &str, mentions: &[Mention]) -> Condition {
    let mut condition = Condition { pieces: Vec::new(), mentions: Vec::new() };
    let mut parts = rendered.split(OPEN);
    condition.pieces.push(parts.next().unwrap_or_default().to_owned());
    for part in parts {
        let (index, piece) = part.split_once(CLOSE).unwrap_or(("", part));
        let found = index.parse::<usize>().ok().and_then(|index| mentions.get(index));
        match found {
            Some(mention) => {
                condition.mentions.push(mention.clone());
                condition.pieces.push(piece.to_owned());
            }
            None => condition.pieces.last_mut().expect("the first piece was pushed above").push_str(part),
        }
    }
    condition
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> Result<String, String> {
        Condition::parse(text)?.sql(|mention| {
            Ok(match mention {
                Mention::Column(name) => format!("[{name}]"),
                Mention::Time(name, grain) => format!("[{name} by {}]", grain.name()),
            })
        })
    }

    #[test]
    fn sql_puts_columns_in_the_place_of_mentions() {
        assert_eq!(sql("{{ Dimension('order__status') }} = 'won'").unwrap(), "([order__status] = 'won')");
        assert_eq!(
            sql("{{ Entity('customer') }} IS NOT NULL AND {{Dimension('uf')}} IN ('SP')\n").unwrap(),
            "([customer] IS NOT NULL AND [uf] IN ('SP'))"
        );
        assert_eq!(
            sql("{{ TimeDimension('metric_time', 'month') }} > '2026-01-01'").unwrap(),
            "([metric_time by month] > '2026-01-01')"
        );
        assert_eq!(
            sql("{{ Dimension('order__at').grain('week') }} > '2026-01-01'").unwrap(),
            "([order__at by week] > '2026-01-01')"
        );
        assert_eq!(sql("1 = 1").unwrap(), "(1 = 1)");
    }

    #[test]
    fn parse_mistake_says_what_is_expected() {
        assert!(sql("{{ Dimension() }} = 1").unwrap_err().contains("write the name of a dimension"));
        assert!(sql("{{ TimeDimension('a', 'decade') }} = 1").unwrap_err().contains("`decade` is no grain"));
        assert!(sql("{{ Metric('a', ['b']) }} = 1").is_err());
        assert!(sql("{{ Dimension('a' }}").is_err());
        assert!(sql("  ").is_err());
    }
}
