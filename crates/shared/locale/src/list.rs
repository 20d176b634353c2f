//! Lists in a sentence.
//!
//! Does not shorten (the caller chooses what to leave out). Invariant: items are kept in order and unchanged.

use crate::Lang;

/// `a, b e c`; `a, b, and c`.
pub fn and<S: AsRef<str>>(items: &[S], lang: Lang) -> String {
    joined(items, lang.pick("e", "and"), lang)
}

/// `a, b ou c`; `a, b, or c`.
pub fn or<S: AsRef<str>>(items: &[S], lang: Lang) -> String {
    joined(items, lang.pick("ou", "or"), lang)
}

fn joined<S: AsRef<str>>(items: &[S], word: &str, lang: Lang) -> String {
    let [head @ .., last] = items else { return String::new() };
    let last = last.as_ref();
    match head {
        [] => last.to_owned(),
        [first] => format!("{} {word} {last}", first.as_ref()),
        _ => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{}{} {word} {last}", head.join(", "), lang.pick("", ","))
        }
    }
}
