//! Query strings.
//!
//! Invariant: everything but letters, digits and `-._~` is escaped: some systems read `+` as a blank, and filters have brackets and quotes.

/// `pairs` as a query string. Names stay as they are: systems have `$top` and `filter[since]`.
pub fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.push_str(&escaped(value));
    }
    query
}

/// One value of a query, or one part of a path.
pub fn escaped(value: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_keep_their_names_and_escape_every_sign() {
        let pairs = [("$filter", "LastUpdateDate ge 2026-03-20T15:37:10.183+00:00"), ("$expand", "Type,é")];
        assert_eq!(
            encoded(pairs),
            "$filter=LastUpdateDate%20ge%202026-03-20T15%3A37%3A10.183%2B00%3A00&$expand=Type%2C%C3%A9"
        );
    }
}
