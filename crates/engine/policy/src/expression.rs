//! What must hold of a row for a principal to see it: `filial in user.filiais and not status = 'interno'`.
//!
//! Grammar, from loose to tight: `or`, `and`, `not`, then `column in user.name`, `column in ('a', 'b')`, `column = value`,
//! `column <> value`, `column is null`, `column is not null`, or parentheses; a value is a text in single quotes, a number, `true`, `false`
//! or `user.id`. Does not look at tables. Invariant: an expression has no functions, no arithmetic and no casts, so that it cannot fail on
//! any row.

use std::collections::BTreeSet;

use contract::Principal;
use lake::Condition;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expression {
    In(String, Values),
    IsNull(String),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
}

/// What a column is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// These texts.
    Of(BTreeSet<String>),
    /// All values of an attribute of whoever asks.
    Attribute(String),
    /// The id of whoever asks.
    Id,
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at letter {at} of `{text}`: expected {expected}, found {found}")]
pub struct ExpressionError {
    pub text: String,
    /// From 1.
    pub at: usize,
    pub expected: &'static str,
    pub found: String,
}

impl Expression {
    /// # Errors
    /// The first place where the text leaves the grammar.
    pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
        let mut reader = Reader { text, tokens: tokens(text)?, next: 0 };
        let expression = reader.any()?;
        match reader.peek() {
            None => Ok(expression),
            Some(_) => Err(reader.wrong("`and`, `or` or the end")),
        }
    }

    /// Every column that the expression reads.
    pub fn columns(&self) -> BTreeSet<&str> {
        match self {
            Expression::In(column, _) | Expression::IsNull(column) => BTreeSet::from([column.as_str()]),
            Expression::All(parts) | Expression::Any(parts) => {
                parts.iter().flat_map(Expression::columns).collect()
            }
            Expression::Not(inner) => inner.columns(),
        }
    }

    /// The expression with the principal's own values in it.
    pub fn for_principal(&self, principal: &Principal) -> Condition {
        let all = |parts: &[Expression]| parts.iter().map(|part| part.for_principal(principal)).collect();
        match self {
            Expression::In(column, values) => Condition::In(column.clone(), values.for_principal(principal)),
            Expression::IsNull(column) => Condition::IsNull(column.clone()),
            Expression::All(parts) => Condition::All(all(parts)),
            Expression::Any(parts) => Condition::Any(all(parts)),
            // "Not among nothing" would show every row to whoever lacks the attribute.
            Expression::Not(inner) if inner.lacks(principal) => Condition::Any(Vec::new()),
            Expression::Not(inner) => Condition::Not(Box::new(inner.for_principal(principal))),
        }
    }

    /// Whether the expression speaks of an attribute that the principal has no value of.
    fn lacks(&self, principal: &Principal) -> bool {
        match self {
            Expression::In(_, Values::Attribute(name)) => {
                principal.attributes.get(name).is_none_or(Vec::is_empty)
            }
            Expression::In(..) | Expression::IsNull(_) => false,
            Expression::All(parts) | Expression::Any(parts) => parts.iter().any(|part| part.lacks(principal)),
            Expression::Not(inner) => inner.lacks(principal),
        }
    }
}

impl Values {
    fn for_principal(&self, principal: &Principal) -> BTreeSet<String> {
        match self {
            Values::Of(values) => values.clone(),
            Values::Attribute(name) => {
                principal.attributes.get(name).into_iter().flatten().cloned().collect()
            }
            Values::Id => BTreeSet::from([principal.id.clone()]),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    /// `(`, `)`, `,`, `=`, `<>`
    Sign(&'static str),
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ExpressionError> {
    const SIGNS: [&str; 8] = ["<>", "!=", "(", ")", "[", "]", ",", "="];
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let wrong = |expected: &'static str| ExpressionError {
            text: text.to_owned(),
            at: text[..at].chars().count() + 1,
            expected,
            found: found(rest),
        };
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        if first == '\'' {
            let (content, length) = quoted(rest).ok_or_else(|| wrong("a closing quote"))?;
            tokens.push((at, Token::Text(content)));
            rest = &rest[length..];
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            let meant = match sign {
                "!=" => "<>",
                "[" => "(",
                "]" => ")",
                other => other,
            };
            tokens.push((at, Token::Sign(meant)));
            rest = &rest[sign.len()..];
        } else {
            let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-');
            let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            if length == 0 {
                return Err(wrong("a name, a value in single quotes, or one of ( ) , = <>"));
            }
            tokens.push((at, Token::Word(rest[..length].to_owned())));
            rest = &rest[length..];
        }
    }
}

/// The text in quotes at the beginning, where `''` is one quote, and how many bytes it takes.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '\'' {
            content.push(letter);
        } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
            content.push('\'');
        } else {
            return Some((content, at + 1));
        }
    }
    None
}

fn found(rest: &str) -> String {
    if rest.is_empty() {
        "the end".to_owned()
    } else {
        format!("`{}`", rest.chars().take(20).collect::<String>())
    }
}

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<(usize, Token)>,
    next: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn wrong(&self, expected: &'static str) -> ExpressionError {
        let at = self.tokens.get(self.next).map_or(self.text.len(), |(at, _)| *at);
        ExpressionError {
            text: self.text.to_owned(),
            at: self.text[..at].chars().count() + 1,
            expected,
            found: found(&self.text[at..]),
        }
    }

    /// Takes the keyword if it comes next.
    fn takes(&mut self, keyword: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(is);
        is
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(next)) if *next == sign);
        self.next += usize::from(is);
        is
    }

    fn any(&mut self) -> Result<Expression, ExpressionError> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, ExpressionError> {
        let mut parts = vec![self.not()?];
        while self.takes("and") {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Expression::All))
    }

    fn not(&mut self) -> Result<Expression, ExpressionError> {
        if self.takes("not") { Ok(Expression::Not(Box::new(self.not()?))) } else { self.comparison() }
    }

    fn comparison(&mut self) -> Result<Expression, ExpressionError> {
        if self.takes_sign("(") {
            let inner = self.any()?;
            return if self.takes_sign(")") { Ok(inner) } else { Err(self.wrong("`)`")) };
        }
        let column = match self.peek() {
            Some(Token::Word(word)) if is_column(word) => word.clone(),
            _ => return Err(self.wrong("a column")),
        };
        self.next += 1;
        if self.takes("is") {
            let not = self.takes("not");
            if !self.takes("null") {
                return Err(self.wrong("`null`"));
            }
            let is_null = Expression::IsNull(column);
            return Ok(if not { Expression::Not(Box::new(is_null)) } else { is_null });
        }
        if self.takes("not") {
            return if self.takes("in") {
                Ok(Expression::Not(Box::new(Expression::In(column, self.values()?))))
            } else {
                Err(self.wrong("`in`"))
            };
        }
        if self.takes("in") {
            return Ok(Expression::In(column, self.values()?));
        }
        if self.takes_sign("=") {
            return Ok(Expression::In(column, self.value()?));
        }
        if self.takes_sign("<>") {
            return Ok(Expression::Not(Box::new(Expression::In(column, self.value()?))));
        }
        Err(self.wrong("`in`, `=`, `<>` or `is`"))
    }

    /// After `in`: an attribute, or values in parentheses.
    fn values(&mut self) -> Result<Values, ExpressionError> {
        if let Some(Token::Word(word)) = self.peek()
            && let Some(attribute) =
                word.strip_prefix("user.").filter(|name| !name.is_empty() && *name != "id")
        {
            let attribute = attribute.to_owned();
            self.next += 1;
            return Ok(Values::Attribute(attribute));
        }
        if !self.takes_sign("(") {
            return Err(self.wrong("`user.` and an attribute, or values in parentheses"));
        }
        let mut values = BTreeSet::new();
        loop {
            match self.value()? {
                Values::Of(more) => values.extend(more),
                Values::Attribute(_) | Values::Id => {
                    return Err(self.wrong("values in parentheses without `user.id`"));
                }
            }
            if self.takes_sign(")") {
                return Ok(Values::Of(values));
            }
            if !self.takes_sign(",") {
                return Err(self.wrong("`,` or `)`"));
            }
        }
    }

    fn value(&mut self) -> Result<Values, ExpressionError> {
        let value = match self.peek() {
            Some(Token::Text(text)) => Values::Of(BTreeSet::from([text.clone()])),
            Some(Token::Word(word)) if word == "user.id" => Values::Id,
            Some(Token::Word(word)) if word == "true" || word == "false" || word.parse::<f64>().is_ok() => {
                Values::Of(BTreeSet::from([word.clone()]))
            }
            _ => return Err(self.wrong("a text in single quotes, a number, `true`, `false` or `user.id`")),
        };
        self.next += 1;
        Ok(value)
    }
}

fn one_or(mut parts: Vec<Expression>, many: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { many(parts) }
}

fn is_column(word: &str) -> bool {
    const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "null", "true", "false"];
    word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        && !word.contains(['.', '-'])
        && !KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn of(column: &str, values: &[&str]) -> Expression {
        Expression::In(
            column.to_owned(),
            Values::Of(values.iter().map(|value| (*value).to_owned()).collect()),
        )
    }

    fn ana(filiais: &[&str]) -> Principal {
        let filiais = filiais.iter().map(|filial| (*filial).to_owned()).collect();
        Principal {
            id: "ana".to_owned(),
            name: "Ana".to_owned(),
            roles: Vec::new(),
            attributes: BTreeMap::from([("filiais".to_owned(), filiais)]),
        }
    }

    #[test]
    fn expression_binds_not_before_and_before_or() {
        let mine = Expression::In("filial".to_owned(), Values::Attribute("filiais".to_owned()));
        assert_eq!(Expression::parse("filial in user.filiais").unwrap(), mine);
        let parsed =
            Expression::parse("filial in user.filiais AND not status = 'a''b' or n in (1, 2)").unwrap();
        let left = Expression::All(vec![mine, Expression::Not(Box::new(of("status", &["a'b"])))]);
        assert_eq!(parsed, Expression::Any(vec![left, of("n", &["1", "2"])]));
        let parsed = Expression::parse("(a is null or b is not null) and owner = user.id").unwrap();
        assert_eq!(parsed.columns(), BTreeSet::from(["a", "b", "owner"]));
        assert_eq!(Expression::parse("a not in ['x']").unwrap(), Expression::parse("a <> 'x'").unwrap());
    }

    #[test]
    fn expression_that_is_none_says_where() {
        let cases = [
            ("", 1, "a column"),
            ("filial", 7, "`in`, `=`, `<>` or `is`"),
            ("filial in filiais", 11, "`user.` and an attribute, or values in parentheses"),
            ("filial in user.", 11, "`user.` and an attribute, or values in parentheses"),
            ("filial = 'PR", 10, "a closing quote"),
            ("ação = upper(x)", 8, "a text in single quotes, a number, `true`, `false` or `user.id`"),
            ("a = 1 b = 2", 7, "`and`, `or` or the end"),
            ("a in (1, )", 10, "a text in single quotes, a number, `true`, `false` or `user.id`"),
            ("(a = 1", 7, "`)`"),
            ("a = 1; drop", 6, "a name, a value in single quotes, or one of ( ) , = <>"),
            ("cast = 1 and not", 17, "a column"),
        ];
        for (text, at, expected) in cases {
            let error = Expression::parse(text).unwrap_err();
            assert_eq!((error.at, error.expected), (at, expected), "{text}");
        }
    }

    #[test]
    fn attribute_that_is_missing_shows_no_row_also_when_it_is_negated() {
        for text in [
            "f in user.filiais",
            "not f in user.filiais",
            "f not in user.filiais",
            "not (f = 'a' or f in user.filiais)",
        ] {
            let expression = Expression::parse(text).unwrap();
            let shown = expression.for_principal(&ana(&[]));
            let nothing = [Condition::In("f".to_owned(), BTreeSet::new()), Condition::Any(Vec::new())];
            assert!(nothing.contains(&shown), "{text}: {shown:?}");
        }
        let shown = Expression::parse("f not in user.filiais").unwrap().for_principal(&ana(&["PR"]));
        let inner = Condition::In("f".to_owned(), BTreeSet::from(["PR".to_owned()]));
        assert_eq!(shown, Condition::Not(Box::new(inner)));
    }
}
