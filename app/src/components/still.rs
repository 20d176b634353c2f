//! Pieces in which nothing happens, as HTML.
//!
//! They are inserted as they are, like charts: hydration need not walk them. Invariant: texts and attributes are escaped by the same
//! code that renders pages (on the server) or by the browser's own serializer.

use leptos::prelude::*;

/// The HTML of a view without handlers.
#[cfg(not(feature = "hydrate"))]
pub fn html(view: impl RenderHtml) -> String {
    view.to_html()
}

/// The HTML of a view without handlers. Leptos writes HTML on the server only, so here the browser does.
#[cfg(feature = "hydrate")]
pub fn html(view: impl RenderHtml) -> String {
    use leptos::tachys::view::Mountable;
    let holder = leptos::tachys::renderer::dom::Dom::create_element("div", None);
    let mut built = view.build();
    built.mount(&holder, None);
    holder.inner_html()
}
