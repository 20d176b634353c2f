//! The entry of the browser: takes over the page that the server rendered.
//!
//! Holds no page (`app`). Invariant: it stays this short.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
