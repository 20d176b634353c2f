//! The document of a page with the frame, around the app that the browser takes over.
//!
//! Invariant: what it loads is named by the build's content, or is the same in every build.

use super::installed;
use crate::App;
use crate::preferences::Preferences;
use leptos::config::LeptosOptions;
use leptos::hydration::HydrationScripts;
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// The document around the app.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let preferences = use_context::<Preferences>().unwrap_or_default();
    let file = |name: &str| format!("/{}/{name}", options.site_pkg_dir);
    let (styles, script) = (file("mirante.css"), file("page.js"));
    let announced = installed::toasts(preferences.lang).0;
    view! {
        <!DOCTYPE html>
        <html lang=preferences.lang.tag() data-theme=preferences.theme.attribute()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)"/>
                <meta name="theme-color" content="#0c0f14" media="(prefers-color-scheme: dark)"/>
                <link rel="preload" href="/fonts/inter-latin-wght-normal.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="stylesheet" href=styles/>
                <link rel="icon" href="/icon.svg" r#type="image/svg+xml"/>
                <link rel="apple-touch-icon" href="/icon-192.png"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <HydrationScripts options defer=true/>
                <script r#type="module" src=script nonce=use_nonce()></script>
                <template id="toasts" inner_html=announced></template>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
