//! Pieces in which nothing happens, as HTML.
//!
//! They are written as text on each side and inserted as they are, like charts: hydration need not walk them, and the browser
//! carries no code to build, hydrate and update them (with it the WASM would be a third larger). Invariant: texts and attribute
//! values are escaped here; only `Html` goes in as it is, and only this room and `chart` make it.

/// Markup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(pub String);

/// What an element may hold.
pub trait Piece {
    fn write(self, out: &mut String);
}

/// An element with attributes and content. Attributes with an empty value are left out.
pub fn el(name: &str, attributes: &[(&str, &str)], content: impl Piece) -> Html {
    let mut out = String::with_capacity(128);
    out.push('<');
    out.push_str(name);
    for (key, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(' ');
        out.push_str(key);
        out.push_str("=\"");
        escape(value, &mut out);
        out.push('"');
    }
    out.push('>');
    if !matches!(name, "input" | "br" | "meta" | "link") {
        content.write(&mut out);
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
    Html(out)
}

/// Several pieces one after the other.
pub fn all(content: impl Piece) -> Html {
    let mut out = String::new();
    content.write(&mut out);
    Html(out)
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

impl Piece for &str {
    fn write(self, out: &mut String) {
        escape(self, out);
    }
}

impl Piece for String {
    fn write(self, out: &mut String) {
        escape(&self, out);
    }
}

impl Piece for Html {
    fn write(self, out: &mut String) {
        out.push_str(&self.0);
    }
}

impl Piece for () {
    fn write(self, _: &mut String) {}
}

impl<P: Piece> Piece for Option<P> {
    fn write(self, out: &mut String) {
        if let Some(piece) = self {
            piece.write(out);
        }
    }
}

impl<P: Piece> Piece for Vec<P> {
    fn write(self, out: &mut String) {
        for piece in self {
            piece.write(out);
        }
    }
}

macro_rules! pieces {
    ($($name:ident)+) => {
        impl<$($name: Piece),+> Piece for ($($name,)+) {
            #[allow(non_snake_case, reason = "a type and its value share a letter")]
            fn write(self, out: &mut String) {
                let ($($name,)+) = self;
                $($name.write(out);)+
            }
        }
    };
}

pieces!(A B);
pieces!(A B C);
pieces!(A B C D);
pieces!(A B C D E);
pieces!(A B C D E F);
pieces!(A B C D E F G);
pieces!(A B C D E F G H);
pieces!(A B C D E F G H I);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn el_escapes_texts_and_values_and_leaves_empty_attributes_out() {
        let link = el(
            "a",
            &[("href", "/?a=1&b=\"2\""), ("aria-current", "")],
            ("<b>", el("b", &[], "x"), None::<&str>),
        );
        assert_eq!(link.0, "<a href=\"/?a=1&amp;b=&quot;2&quot;\">&lt;b&gt;<b>x</b></a>");
        assert_eq!(el("br", &[], ()).0, "<br>");
    }
}
