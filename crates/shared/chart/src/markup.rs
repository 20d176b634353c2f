//! Escaping, numbers as attribute text, and links.
//!
//! Builds no elements. Invariant: nothing from a spec reaches the output unescaped, and no attribute number is NaN, infinite
//! or written as `-0`.

use std::fmt::Write;

/// Text for element content and for double-quoted attributes. Characters that XML forbids become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

/// A number of px or per cent with at most two decimals.
pub(crate) fn num(value: f64) -> String {
    let mut out = String::new();
    push_num(&mut out, value);
    out
}

pub(crate) fn push_num(out: &mut String, value: f64) {
    let value = if value.is_finite() { value } else { 0.0 };
    let start = out.len();
    let _ = write!(out, "{value:.2}");
    let kept = out.trim_end_matches('0').trim_end_matches('.').len();
    out.truncate(kept);
    if &out[start..] == "-0" {
        out.remove(start);
    }
}

/// A share of the width, 0 to 1, as `83.33%`.
pub(crate) fn pct(share: f64) -> String {
    num(share * 100.0) + "%"
}

/// The link around a name. Only links into this site are kept, so that no data can smuggle in a scheme.
pub(crate) fn linked(name: &str, href: Option<&str>) -> String {
    let name = escape(name);
    match href {
        Some(href) if local(href) => format!("<a href=\"{}\">{name}</a>", escape(href)),
        _ => name,
    }
}

fn local(href: &str) -> bool {
    let mut chars = href.chars();
    match chars.next() {
        Some('?' | '#') => true,
        // `//host` and `/\host` leave the site.
        Some('/') => !matches!(chars.next(), Some('/' | '\\')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn num_is_short_and_never_a_negative_zero() {
        assert_eq!(num(83.333_333), "83.33");
        assert_eq!(num(100.0), "100");
        assert_eq!(num(-0.001), "0");
        assert_eq!(num(-12.5), "-12.5");
        assert_eq!(num(f64::NAN), "0");
        assert_eq!(num(1e3), "1000");
    }

    #[test]
    fn linked_drops_links_that_leave_the_site() {
        assert_eq!(linked("a<b", Some("?f.x=1&y")), "<a href=\"?f.x=1&amp;y\">a&lt;b</a>");
        for href in ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://evil.example", ""] {
            assert_eq!(linked("a", Some(href)), "a", "{href}");
        }
    }

    #[test]
    fn escape_replaces_what_xml_forbids() {
        assert_eq!(escape("a\u{0}\"'\u{1b}\n"), "a\u{fffd}&quot;&#39;\u{fffd} ");
    }
}
