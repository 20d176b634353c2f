//! Every URL of the product, in one place.
//!
//! Holds no page. Invariant: links are made by the functions here, so that a path is written once.

use crate::page_state::PageState;
use crate::pages;
use leptos::prelude::*;
use leptos_router::components::{Route, Routes};
use leptos_router::{ParamSegment, SsrMode, StaticSegment};

/// The board that opens at `/`.
pub const HOME_BOARD: &str = "visao-geral";

pub const METRICS: &str = "/indicadores";
pub const SIGN_IN: &str = "/entrar";
/// Where the code of the second step is sent.
pub const SIGN_IN_CODE: &str = "/entrar/codigo";
pub const SIGN_OUT: &str = "/sair";
/// Where a link for a password leads.
pub const INVITATION: &str = "/convite";
/// The first run, by the link of the console.
pub const SET_UP: &str = "/comecar";
/// What a workspace begins with.
pub const START: &str = "/comece-aqui";
pub const PREFERENCES: &str = "/preferencias";

pub const PEOPLE: &str = "/pessoas";
/// One's own account, and where its forms are sent.
pub const ACCOUNT: &str = "/acessos";
pub const END_ACCESS: &str = "/acessos/encerrar";
pub const OWN_PASSWORD: &str = "/acessos/senha";
/// Where the second step of signing in is set up, and taken away.
pub const OWN_CODE: &str = "/acessos/codigo";
pub const CONFIRM_CODE: &str = "/acessos/codigo/confirmar";
pub const DROP_CODE: &str = "/acessos/codigo/tirar";

pub const SOURCES: &str = "/dados";
pub const NEW_SOURCE: &str = "/dados/nova";
/// Tells the list of sources anew whenever something happens to one.
pub const SOURCES_LIVE: &str = "/dados/ao-vivo";

/// Where a sheet is sent.
pub const SHEET: &str = "/dados/planilha";

/// An upload whose columns are checked.
pub fn upload(id: &str) -> String {
    format!("{SHEET}/{}", segment(id))
}

pub fn upload_sheet(id: &str, sheet: &str) -> String {
    format!("{}?aba={}", upload(id), segment(sheet))
}

/// How the board of a sheet comes about.
pub fn making(source_name: &str) -> String {
    format!("{}/painel", source(source_name))
}

/// Tells that anew.
pub fn making_live(source_name: &str) -> String {
    format!("{}/ao-vivo", making(source_name))
}

/// Where another file for a sheet is sent.
pub fn sheet_file(source_name: &str) -> String {
    format!("{}/arquivo", source(source_name))
}

pub fn sheet_upload(source_name: &str, id: &str) -> String {
    format!("{}/{}", sheet_file(source_name), segment(id))
}

pub fn invitation(token: &str) -> String {
    format!("{INVITATION}?token={}", segment(token))
}

pub fn set_up(token: &str) -> String {
    format!("{SET_UP}?token={}", segment(token))
}

pub fn person(id: &str) -> String {
    format!("{PEOPLE}/{}", segment(id))
}

/// Where a form that does something to a person is sent: `link`, `sem-codigo`, `remover`.
pub fn person_deed(id: &str, deed: &str) -> String {
    format!("{}/{deed}", person(id))
}

pub fn new_source(kind: &str) -> String {
    format!("{NEW_SOURCE}/{}", segment(kind))
}

pub fn source(name: &str) -> String {
    format!("/dados/fonte/{}", segment(name))
}

pub fn source_settings(name: &str) -> String {
    format!("{}/ajustes", source(name))
}

/// Where a form that does something to a source is sent: `sincronizar`, `parar`, `remover`, `fluxos`, `de-novo`, `aceitar`, `repousar`.
pub fn source_deed(name: &str, deed: &str) -> String {
    format!("{}/{deed}", source(name))
}

/// Tells one source anew.
pub fn source_live(name: &str) -> String {
    format!("{}/ao-vivo", source(name))
}

pub fn board(id: &str) -> String {
    if id == HOME_BOARD { "/".to_owned() } else { format!("/painel/{}", segment(id)) }
}

pub fn metric(name: &str) -> String {
    format!("/indicador/{}", segment(name))
}

/// A metric's page that keeps period, comparison and filters.
pub fn metric_with(name: &str, state: &PageState) -> String {
    state.carried().href(&metric(name))
}

/// The link that chooses a language or theme without scripts and comes back.
pub fn preference(key: &str, value: &str, next: &str) -> String {
    format!("{PREFERENCES}?{key}={value}&next={}", segment(next))
}

/// One path segment or query value; everything but letters, digits and `-._~` is percent-encoded.
fn segment(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Pages are rendered whole before they are sent: without scripts nobody would put late parts into place.
#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=pages::not_found::NotFoundPage>
            <Route path=StaticSegment("") view=pages::board::BoardPage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("painel"), ParamSegment("id")) view=pages::board::BoardPage ssr=SsrMode::Async/>
            <Route path=StaticSegment("indicadores") view=pages::metrics::MetricsPage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("indicador"), ParamSegment("metric")) view=pages::metric::MetricPage ssr=SsrMode::Async/>
            <Route path=StaticSegment("dados") view=pages::sources::SourcesPage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("dados"), StaticSegment("nova")) view=pages::sources::NewSourcePage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("dados"), StaticSegment("nova"), ParamSegment("kind")) view=pages::sources::NewSourcePage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("dados"), StaticSegment("planilha")) view=pages::uploads::UploadPage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("dados"), StaticSegment("planilha"), ParamSegment("id")) view=pages::uploads::ColumnsPage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("dados"), StaticSegment("fonte"), ParamSegment("name"), StaticSegment("painel")) view=pages::uploads::MakingPage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("dados"), StaticSegment("fonte"), ParamSegment("name"), StaticSegment("arquivo"), ParamSegment("id")) view=pages::uploads::ReplacingPage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("dados"), StaticSegment("fonte"), ParamSegment("name")) view=pages::sources::SourcePage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("dados"), StaticSegment("fonte"), ParamSegment("name"), StaticSegment("ajustes")) view=pages::sources::SettingsPage ssr=SsrMode::Async/>
            <Route path=StaticSegment("pessoas") view=pages::people::PeoplePage ssr=SsrMode::Async/>
            <Route path=(StaticSegment("pessoas"), ParamSegment("id")) view=pages::people::PersonPage ssr=SsrMode::Async/>
            <Route path=StaticSegment("comece-aqui") view=pages::people::StartPage ssr=SsrMode::Async/>
            <Route path=StaticSegment("acessos") view=pages::people::AccountPage ssr=SsrMode::Async/>
        </Routes>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_encode_what_a_path_cannot_hold() {
        assert_eq!(board("visao-geral"), "/");
        assert_eq!(board("a/b"), "/painel/a%2Fb");
        assert_eq!(
            preference("lang", "en", "/?p=mtd&f.uf=SP"),
            "/preferencias?lang=en&next=%2F%3Fp%3Dmtd%26f.uf%3DSP"
        );
    }
}
