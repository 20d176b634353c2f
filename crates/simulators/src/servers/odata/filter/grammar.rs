//! The grammar of `$filter`: words, quoted texts, numbers and dates, `or` below `and` below `not` below parentheses.
//!
//! Does not evaluate. Invariant: the whole text is read, or an error names the place where reading stopped.

use super::super::{ODataError, instants};
use super::{Dates, Filter, Function, Literal, Operator};

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Comma,
    Word(String),
    Literal(Literal),
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    text: String,
}

pub(super) fn parse(text: &str, dates: Dates) -> Result<Filter, ODataError> {
    let mut parser = Parser { tokens: tokens(text, dates)?, at: 0, text: text.to_owned() };
    let filter = parser.either()?;
    if parser.at == parser.tokens.len() { Ok(filter) } else { Err(parser.refused()) }
}

fn refused(text: &str, at: usize) -> ODataError {
    ODataError::Syntax { option: "$filter", at: text.get(at..).unwrap_or_default().to_owned() }
}

fn tokens(text: &str, dates: Dates) -> Result<Vec<(usize, Token)>, ODataError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        match c {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
            }
            '(' | ')' | ',' => {
                at += 1;
                let token = match c {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                };
                tokens.push((start, token));
            }
            '\'' => {
                let (value, after) = quoted(text, at)?;
                at = after;
                tokens.push((start, Token::Literal(Literal::Text(value))));
            }
            _ => {
                let stops = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '\'');
                let end = text[at..].find(stops).map_or(text.len(), |length| at + length);
                let word = &text[at..end];
                at = end;
                if word == "datetime" && text[at..].starts_with('\'') {
                    let (value, after) = quoted(text, at)?;
                    at = after;
                    tokens.push((start, Token::Literal(old_date(&value, dates, text, start)?)));
                } else {
                    tokens.push((start, word_token(word, dates, text, start)?));
                }
            }
        }
    }
    Ok(tokens)
}

/// The form of OData 3, `datetime'2026-04-30T00:00:00'`.
fn old_date(value: &str, dates: Dates, text: &str, at: usize) -> Result<Literal, ODataError> {
    let instant = instants::parse(value).ok_or_else(|| refused(text, at))?;
    Ok(match dates {
        Dates::Quoted => Literal::Text(value.to_owned()),
        Dates::Unquoted => Literal::Instant(instant),
    })
}

/// A text in quotes, in which two quotes are one, and where it ends.
fn quoted(text: &str, start: usize) -> Result<(String, usize), ODataError> {
    let mut value = String::new();
    let mut rest = text[start + 1..].char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        match c {
            '\'' if rest.peek().is_some_and(|(_, next)| *next == '\'') => {
                rest.next();
                value.push('\'');
            }
            '\'' => return Ok((value, start + 1 + offset + 1)),
            _ => value.push(c),
        }
    }
    Err(refused(text, start))
}

fn word_token(word: &str, dates: Dates, text: &str, at: usize) -> Result<Token, ODataError> {
    let literal = match word {
        "null" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            if let Ok(number) = word.parse() {
                Literal::Number(number)
            } else {
                let instant = instants::parse(word).filter(|_| dates == Dates::Unquoted);
                Literal::Instant(instant.ok_or_else(|| refused(text, at))?)
            }
        }
        _ => return Ok(Token::Word(word.to_owned())),
    };
    Ok(Token::Literal(literal))
}

impl Parser {
    fn refused(&self) -> ODataError {
        refused(&self.text, self.tokens.get(self.at).map_or(self.text.len(), |(at, _)| *at))
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).map(|(_, token)| token.clone());
        self.at += 1;
        token
    }

    fn peeks_word(&self, wanted: &str) -> bool {
        matches!(self.tokens.get(self.at), Some((_, Token::Word(word))) if word == wanted)
    }

    fn takes(&mut self, wanted: &Token) -> Result<(), ODataError> {
        if self.tokens.get(self.at).is_some_and(|(_, token)| token == wanted) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.refused())
        }
    }

    fn either(&mut self) -> Result<Filter, ODataError> {
        let mut filter = self.both()?;
        while self.peeks_word("or") {
            self.at += 1;
            filter = Filter::Or(Box::new(filter), Box::new(self.both()?));
        }
        Ok(filter)
    }

    fn both(&mut self) -> Result<Filter, ODataError> {
        let mut filter = self.one()?;
        while self.peeks_word("and") {
            self.at += 1;
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, ODataError> {
        if self.peeks_word("not") {
            self.at += 1;
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        match self.next() {
            Some(Token::Open) => {
                let filter = self.either()?;
                self.takes(&Token::Close)?;
                Ok(filter)
            }
            Some(Token::Word(word)) if word.ends_with("/any") || word.ends_with("/all") => {
                Err(ODataError::Lambda)
            }
            Some(Token::Word(word)) if matches!(self.tokens.get(self.at), Some((_, Token::Open))) => {
                self.call(&word)
            }
            Some(Token::Word(field)) => self.comparison(field),
            _ => {
                self.at -= 1;
                Err(self.refused())
            }
        }
    }

    fn comparison(&mut self, field: String) -> Result<Filter, ODataError> {
        let operator = match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => match word.as_str() {
                "eq" => Operator::Eq,
                "ne" => Operator::Ne,
                "gt" => Operator::Gt,
                "ge" => Operator::Ge,
                "lt" => Operator::Lt,
                "le" => Operator::Le,
                _ => return Err(self.refused()),
            },
            _ => return Err(self.refused()),
        };
        self.at += 1;
        match self.tokens.get(self.at) {
            Some((_, Token::Literal(literal))) => {
                let literal = literal.clone();
                self.at += 1;
                Ok(Filter::Compare { field, operator, literal })
            }
            _ => Err(self.refused()),
        }
    }

    /// `contains(Name,'x')`.
    fn call(&mut self, name: &str) -> Result<Filter, ODataError> {
        let function = match name {
            "contains" => Function::Contains,
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            _ => {
                self.at -= 1;
                return Err(self.refused());
            }
        };
        self.takes(&Token::Open)?;
        let Some(Token::Word(field)) = self.next() else {
            self.at -= 1;
            return Err(self.refused());
        };
        self.takes(&Token::Comma)?;
        let Some(Token::Literal(Literal::Text(text))) = self.next() else {
            self.at -= 1;
            return Err(self.refused());
        };
        self.takes(&Token::Close)?;
        Ok(Filter::Call { function, field, text })
    }
}
