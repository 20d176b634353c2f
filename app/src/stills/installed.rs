//! The app as a device has it: the stand-in for pages that cannot be had, and what the scripts of a page announce.
//!
//! What they do is `public/boot`; the worker that shows the stand-in is `public/sw.js`. Invariant: nothing here knows a company
//! or a person: it is kept on the device for whoever holds it.

use super::document;
use super::entry::{Page, halves};
use super::entry_words;
use super::installed_words::Words;
use crate::components::still::{Html, all, el};
use crate::preferences::Preferences;
use locale::Lang;

/// The document that the worker shows where the server cannot be reached. It is kept in the language and theme of one moment, so it carries the other
/// language too, and its script follows what was chosen since.
pub fn stand_in(preferences: Preferences, build: &str) -> String {
    let (lang, other) = (preferences.lang, preferences.lang.pick(Lang::En, Lang::PtBr));
    let script = format!("/pkg/{build}/stand_in.js");
    // Theme and language are settled before anything is seen.
    let script = el("script", &[("type", "module"), ("blocking", "render"), ("src", &script)], ());
    let title = title(Words::of(other).no_signal);
    let translated = el("template", &[("lang", other.tag()), ("data-title", &title)], said(other));
    let page = Page { title: Words::of(lang).no_signal, body: all((said(lang), translated)) };
    document::with_head(&page, preferences, build, script)
}

fn title(of: &str) -> String {
    format!("{of} · Mirante")
}

fn said(lang: Lang) -> Html {
    let words = Words::of(lang);
    let part = |name: &str, element: &str, class: &str, shown: Html| {
        el(element, &[("data-part", name), ("class", class)], shown)
    };
    let hidden = |name: &str, element: &str, class: &str, shown: Html| {
        el(element, &[("data-part", name), ("class", class), ("hidden", "hidden")], shown)
    };
    let again = || el("button", &[("class", "btn primary lg"), ("data-again", "true")], words.reload);
    let since = all((words.last_contact, " ", el("time", &[], ())));
    let why = all((
        hidden("unplugged", "span", "", all((words.unplugged, " "))),
        hidden("silent", "span", "", all((words.silent, " "))),
        words.comes_by_itself,
    ));
    let leave = all((
        el("p", &[("class", "mute")], words.leave_more),
        el("button", &[("class", "btn")], words.leave),
    ));
    let here = (
        el("h1", &[], words.no_signal),
        el("p", &[], why),
        hidden("since", "p", "mute", since),
        again(),
        hidden("leave", "div", "leaving", leave),
    );
    let left = (el("h1", &[], words.left), el("p", &[], words.left_more), again());
    let said = [
        ("data-part", "said"),
        ("role", "status"),
        ("class", "mute"),
        ("data-asking", words.asking),
        ("data-still", words.still_nothing),
    ];
    let doing = (
        offline_icon(),
        part("here", "div", "stack", all(here)),
        hidden("left", "div", "stack", all(left)),
        el("p", &said, ()),
    );
    let foot = all(entry_words::Words::of(lang).data_stay_here);
    halves(el("div", &[("class", "how without-signal")], doing), foot, "/", lang)
}

/// What the scripts of a page announce, one at a time and the first of these first: each is cloned when it is due.
pub fn toasts(lang: Lang) -> Html {
    let words = Words::of(lang);
    let toast = |name: &str, class: &str, said: Html, deeds: Html| {
        let said = el("p", &[], said);
        el("div", &[("data-toast", name), ("class", class)], (said, deeds))
    };
    let deed =
        |name: &str, class: &str, label: &str| el("button", &[("class", class), ("data-deed", name)], label);
    let (does, leaves) = ("btn sm primary", "btn sm quiet");
    let as_of = (el("b", &[], words.no_signal), " · ", words.data_as_of, " ", el("time", &[], ()));
    let refused = (el("b", &[], words.needs_server), " ", words.needs_server_more);
    all((
        toast("refused", "toast warn", all(refused), deed("seen", leaves, words.understood)),
        el(
            "div",
            &[("data-toast", "offline"), ("class", "toast warn")],
            (offline_icon(), el("p", &[], as_of)),
        ),
        toast(
            "update",
            "toast",
            all(words.new_version),
            all((deed("update", does, words.update), deed("later", leaves, words.later))),
        ),
        toast(
            "install",
            "toast",
            all(words.install_offer),
            all((deed("install", does, words.install), deed("no", leaves, words.not_now))),
        ),
        toast("install-ios", "toast", all(words.install_by_hand), deed("no", leaves, words.understood)),
    ))
}

/// Drawn in place: the sprite is the browser's, and nothing there needs it.
fn offline_icon() -> Html {
    let drawing =
        "M3 3l14 14M7 6.2A4.6 4.6 0 0 1 14.2 9a3.2 3.2 0 0 1 2 5.3M12.8 15.2H6a3.4 3.4 0 0 1-.8-6.7";
    let path = el("path", &[("d", drawing)], ());
    el("svg", &[("class", "ic"), ("viewBox", "0 0 20 20"), ("aria-hidden", "true")], path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preferences::Theme;

    #[test]
    fn the_stand_in_speaks_both_languages_the_readers_first() {
        let document = stand_in(Preferences { lang: Lang::En, theme: Theme::Dark }, "abc");
        assert!(document.contains("<html lang=\"en\" data-theme=\"dark\">"), "{document}");
        let (shown, kept) = document.split_once("<template lang=\"pt-BR\"").unwrap();
        assert!(shown.contains("No connection") && !shown.contains("Sem conexão"), "{shown}");
        assert!(kept.contains("Sem conexão") && !kept.contains("No connection"), "{kept}");
    }

    #[test]
    fn announcements_come_in_the_order_of_their_weight() {
        let html = toasts(Lang::PtBr).0;
        let at = |name: &str| html.find(&format!("data-toast=\"{name}\"")).unwrap();
        let order = ["refused", "offline", "update", "install"].map(at);
        assert!(order.is_sorted(), "{html}");
    }
}
