//! What a person chose once for every page: language and theme, remembered in two cookies.
//!
//! Serves no page and signs nobody in (`server`). Invariant: whatever the cookies hold, the result is a known language, a known
//! theme and a path of this site.

use locale::Lang;
use serde::{Deserialize, Serialize};

pub const LANG_COOKIE: &str = "mirante_lang";
pub const THEME_COOKIE: &str = "mirante_theme";
/// One year, in seconds.
const REMEMBERED: u32 = 31_536_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Preferences {
    pub lang: Lang,
    pub theme: Theme,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Theme {
    /// Follows the device.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// The value of `<html data-theme>` and of the cookie; none follows the device.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }

    pub fn parse(text: &str) -> Theme {
        match text {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// What the link without scripts offers next.
    pub fn next(self) -> Theme {
        match self {
            Theme::System | Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Light,
        }
    }
}

impl Preferences {
    /// Reads the request headers `Cookie` and `Accept-Language`.
    pub fn read(cookies: Option<&str>, accept_language: Option<&str>) -> Preferences {
        let cookie = |name: &str| {
            cookies.unwrap_or_default().split(';').find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                (key == name).then_some(value)
            })
        };
        Preferences {
            lang: cookie(LANG_COOKIE)
                .and_then(Lang::parse)
                .or_else(|| accept_language.and_then(Lang::accept))
                .unwrap_or_default(),
            theme: cookie(THEME_COOKIE).map(Theme::parse).unwrap_or_default(),
        }
    }
}

/// What `GET /preferencias` answers: cookies to set and the page to go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Values of `Set-Cookie`.
    pub cookies: Vec<String>,
    /// Where the browser goes next; always a path of this site.
    pub next: String,
}

/// Reads the query of `GET /preferencias?lang=en&theme=dark&next=/painel/x`, already percent-decoded into pairs.
pub fn choose<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Choice {
    let mut choice = Choice { cookies: Vec::new(), next: "/".to_owned() };
    for (key, value) in pairs {
        match key {
            "lang" => {
                if let Some(lang) = Lang::parse(value) {
                    choice.cookies.push(cookie(LANG_COOKIE, lang.tag()));
                }
            }
            "theme" => {
                choice.cookies.push(cookie(THEME_COOKIE, Theme::parse(value).attribute().unwrap_or("system")))
            }
            "next" if is_own_path(value) => value.clone_into(&mut choice.next),
            _ => {}
        }
    }
    choice
}

/// The value of `Set-Cookie` (and of `document.cookie`: neither choice is a secret).
pub fn cookie(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Max-Age={REMEMBERED}; SameSite=Lax")
}

/// A path on this site: `//host` and `/\host` would leave it, and control characters would split a header.
fn is_own_path(path: &str) -> bool {
    let mut chars = path.chars();
    chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && path.chars().all(|c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_prefers_the_cookie_over_the_header() {
        let read = Preferences::read(Some("a=b; mirante_lang=en; mirante_theme=dark"), Some("pt-BR"));
        assert_eq!(read, Preferences { lang: Lang::En, theme: Theme::Dark });
        assert_eq!(Preferences::read(None, Some("en-US,en;q=0.8")).lang, Lang::En);
        assert_eq!(Preferences::read(Some("mirante_lang=xx"), None), Preferences::default());
    }

    #[test]
    fn choose_never_leaves_the_site() {
        for (next, expected) in [
            ("/indicadores?p=mtd", "/indicadores?p=mtd"),
            ("//evil.example", "/"),
            ("/\\evil", "/"),
            ("http://x", "/"),
            ("/a\r\nX: y", "/"),
        ] {
            assert_eq!(choose([("next", next)]).next, expected, "{next}");
        }
        assert_eq!(choose([("theme", "dark")]).cookies, [cookie(THEME_COOKIE, "dark")]);
        assert_eq!(choose([("lang", "klingon")]).cookies, Vec::<String>::new());
    }
}
