//! The browser's document: reading what the server wrote on it, and the few things that only a script can do.
//!
//! Everything here but `preferences` runs in event handlers. Invariant: where the browser refuses, nothing happens.

use crate::preferences::{Preferences, THEME_COOKIE, Theme, cookie};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// What `<html lang data-theme>` says; the defaults where there is no document.
pub fn preferences() -> Preferences {
    let Some(root) = root() else { return Preferences::default() };
    Preferences {
        lang: root.get_attribute("lang").and_then(|tag| locale::Lang::parse(&tag)).unwrap_or_default(),
        theme: root.get_attribute("data-theme").map(|theme| Theme::parse(&theme)).unwrap_or_default(),
    }
}

/// Turns light into dark and back at once, and remembers it.
pub fn switch_theme() {
    let Some(root) = root() else { return };
    let dark = match root.get_attribute("data-theme").as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
            .is_some_and(|query| query.matches()),
    };
    let theme = if dark { Theme::Light } else { Theme::Dark };
    let value = theme.attribute().unwrap_or_default();
    let _ = root.set_attribute("data-theme", value);
    if let Some(document) = document().dyn_ref::<web_sys::HtmlDocument>() {
        let _ = document.set_cookie(&cookie(THEME_COOKIE, value));
    }
}

/// Copies the address of the page.
pub fn copy_address() {
    if let Ok(address) = window().location().href() {
        let _ = window().navigator().clipboard().write_text(&address);
    }
}

/// Closes whatever dropped down when Escape is pressed.
pub fn close_drops_on_escape(event: &web_sys::KeyboardEvent) {
    if event.key() == "Escape" {
        close_drops(None);
    }
}

/// Brings the element that the address names into view, once it is there.
pub fn go_to_fragment() {
    let Ok(fragment) = window().location().hash() else { return };
    if let Some(element) = fragment.strip_prefix('#').and_then(|id| document().get_element_by_id(id)) {
        element.scroll_into_view();
    }
}

/// Closes the `<details>` around the element of an event.
pub fn close_details(event: &web_sys::Event) {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    if let Some(details) = element.and_then(|element| element.closest("details").ok().flatten()) {
        let _ = details.remove_attribute("open");
    }
}

/// Closes every open `<details class="drop">` but the one that holds the event's element.
pub fn close_other_drops(event: &web_sys::Event) {
    close_drops(event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok()).as_ref());
}

fn close_drops(inside: Option<&web_sys::Node>) {
    let Ok(open) = document().query_selector_all("details.drop[open]") else { return };
    for index in 0..open.length() {
        let Some(node) = open.get(index) else { continue };
        if inside.is_some() && node.contains(inside) {
            continue;
        }
        if let Some(details) = node.dyn_ref::<web_sys::Element>() {
            let _ = details.remove_attribute("open");
        }
    }
}

/// The checkbox that an event came from: its value and whether it is checked.
pub fn checkbox(event: &web_sys::Event) -> Option<(String, bool)> {
    let input = event.target()?.dyn_into::<web_sys::HtmlInputElement>().ok()?;
    (input.type_() == "checkbox").then(|| (input.value(), input.checked()))
}

fn root() -> Option<web_sys::Element> {
    // `leptos::prelude::window()` panics outside a browser, where nothing has a document.
    cfg!(target_family = "wasm").then(|| document().document_element()).flatten()
}
