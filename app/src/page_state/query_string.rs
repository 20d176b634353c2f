//! Query strings: pairs in and out, and lists of values inside one value.
//!
//! Knows no keys. Invariant: every text survives `escape` and printing, also one that holds the separators themselves.

/// The pairs of a query string, decoded, in order.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// Percent-decoding; `+` is a space, and bytes that are no UTF-8 become U+FFFD.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |index: usize| bytes.get(index).and_then(|byte| char::from(*byte).to_digit(16));
        match bytes[at] {
            b'+' => out.push(b' '),
            b'%' => match (hex(at + 1), hex(at + 2)) {
                (Some(high), Some(low)) => {
                    out.push((high * 16 + low) as u8);
                    at += 2;
                }
                _ => out.push(b'%'),
            },
            byte => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Builds `a=1&b=2`. What a person may read stays readable: letters of any language are encoded, our separators are not.
#[derive(Default)]
pub struct Printer {
    out: String,
}

impl Printer {
    pub fn pair(&mut self, key: &str, value: &str) {
        if !self.out.is_empty() {
            self.out.push('&');
        }
        encode(key, &mut self.out);
        self.out.push('=');
        encode(value, &mut self.out);
    }

    pub fn finish(self) -> String {
        self.out
    }
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b','
            | b':'
            | b'!'
            | b'/' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// A text as one item of a list: separators and a leading `!` get a backslash; the empty text is `\e`.
pub fn escape(text: &str) -> String {
    if text.is_empty() {
        return "\\e".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        if matches!(c, ',' | ':' | '\\') || (c == '!' && index == 0) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The items of a list, unescaped; items that were never written are left out.
pub fn split(text: &str, separator: char) -> Vec<String> {
    split_raw(text, separator).iter().map(|item| unescape(item)).collect()
}

/// The items of a list, still escaped.
pub fn split_raw(text: &str, separator: char) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == separator && !escaped {
            items.push(String::new());
        } else if let Some(last) = items.last_mut() {
            last.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    items.retain(|item| !item.is_empty());
    items
}

fn unescape(item: &str) -> String {
    if item == "\\e" {
        return String::new();
    }
    let mut out = String::with_capacity(item.len());
    let mut chars = item.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}
