//! `$expand` with options in parentheses, to any depth: `Owner($select=Id,Name),Products($expand=Product($select=Id))`.
//!
//! Does not know which relations exist. Invariant: commas and semicolons inside parentheses belong to the inner options.

use super::ODataError;

/// A relation that is to come along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expand {
    pub name: String,
    pub select: Option<Vec<String>>,
    pub expand: Vec<Expand>,
}

/// Parses the value of `$expand`.
pub fn parse(text: &str) -> Result<Vec<Expand>, ODataError> {
    split(text, ',')?.into_iter().map(one).collect()
}

fn refused(at: &str) -> ODataError {
    ODataError::Syntax { option: "$expand", at: at.trim().to_owned() }
}

fn one(text: &str) -> Result<Expand, ODataError> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else {
        return if text.is_empty() || text.contains(char::is_whitespace) {
            Err(refused(text))
        } else {
            Ok(Expand { name: text.to_owned(), select: None, expand: Vec::new() })
        };
    };
    let inner = rest.strip_suffix(')').ok_or_else(|| refused(text))?;
    let mut expand = Expand { name: name.trim().to_owned(), select: None, expand: Vec::new() };
    for option in split(inner, ';')? {
        match option.trim().split_once('=') {
            Some(("$select", names)) => {
                expand.select = Some(names.split(',').map(|name| name.trim().to_owned()).collect());
            }
            Some(("$expand", inner)) => expand.expand = parse(inner)?,
            _ => return Err(refused(option)),
        }
    }
    Ok(expand)
}

/// Parts between separators that stand outside all parentheses.
fn split(text: &str, separator: char) -> Result<Vec<&str>, ODataError> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        if depth < 0 {
            return Err(refused(&text[at..]));
        }
    }
    if depth != 0 {
        return Err(refused(text));
    }
    parts.push(&text[start..]);
    Ok(parts)
}
