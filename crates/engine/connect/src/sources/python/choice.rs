//! Which streams of a connector are read, and how: the lines of the parameter `streams`.
//!
//! Knows no catalog. Invariant: what a line does not say is left to the connector.

use crate::collecting::Mode;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub name: String,
    pub mode: Option<Mode>,
    /// Path of keys.
    pub cursor: Option<Vec<String>>,
    /// Paths of keys.
    pub key: Option<Vec<Vec<String>>>,
}

/// Reads lines such as `orders: incremental, cursor=updated_at, key=id+line`.
///
/// # Errors
/// Quotes what cannot be read, and says how it is written.
pub fn choices(text: &str) -> Result<Vec<Choice>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let choices: Vec<Choice> = lines.map(choice).collect::<Result<_, _>>()?;
    let twice = choices
        .iter()
        .enumerate()
        .find(|(at, one)| choices[..*at].iter().any(|other| other.name == one.name));
    match twice {
        Some((_, twice)) => Err(format!("stream `{}` stands there twice", twice.name)),
        None => Ok(choices),
    }
}

fn choice(line: &str) -> Result<Choice, String> {
    let (name, rest) = line.split_once(':').unwrap_or((line, ""));
    let mut choice = Choice { name: name.trim().to_owned(), mode: None, cursor: None, key: None };
    let path = |text: &str| text.trim().split('.').map(str::to_owned).collect::<Vec<_>>();
    for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once('=').map_or((part, ""), |(word, value)| (word.trim(), value.trim())) {
            ("full_refresh", "") => choice.mode = Some(Mode::FullRefresh),
            ("incremental", "") => choice.mode = Some(Mode::Incremental),
            ("cursor", field) if !field.is_empty() => choice.cursor = Some(path(field)),
            ("key", fields) if !fields.is_empty() => choice.key = Some(fields.split('+').map(path).collect()),
            _ => {
                return Err(format!(
                    "`{part}` of stream `{}` cannot be read; write `name`, `name: full_refresh` or \
                     `name: incremental, cursor=updated_at, key=id+line`",
                    choice.name
                ));
            }
        }
    }
    if choice.name.is_empty() {
        return Err(format!("`{line}` names no stream"));
    }
    Ok(choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_mode_cursor_and_key() {
        let read = choices("users\n\n# a remark\norders : incremental, cursor=meta.updated_at, key=id+line\nitems: full_refresh\n").unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(read[0], Choice { name: "users".into(), mode: None, cursor: None, key: None });
        assert_eq!(read[1].cursor, Some(vec!["meta".to_owned(), "updated_at".to_owned()]));
        assert_eq!(read[1].key, Some(vec![vec!["id".to_owned()], vec!["line".to_owned()]]));
        assert_eq!((read[1].mode, read[2].mode), (Some(Mode::Incremental), Some(Mode::FullRefresh)));
    }

    #[test]
    fn lines_that_cannot_be_read_are_quoted() {
        for (text, expected) in [
            ("users: sometimes", "`sometimes` of stream `users`"),
            ("users: key=", "`key=` of stream `users`"),
            ("users\nusers", "`users` stands there twice"),
            (": full_refresh", "names no stream"),
        ] {
            let error = choices(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
