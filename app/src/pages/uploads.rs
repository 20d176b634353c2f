//! The pages of an upload: the file, its columns, the making of its board; and another file for a sheet. Only the server makes what stands
//! on them (`stills`).
//!
//! Invariant: they are there before anything has been published, because a workspace may begin with a sheet.

use super::sources::{Parts, named, page};
use crate::calls;
use crate::components::frame::Place;
use crate::routes;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

#[component]
pub fn UploadPage() -> impl IntoView {
    let parts =
        Resource::new(|| (), |()| async { Ok::<Parts, _>(vec![(calls::uploads::send().await?, None)]) });
    page(parts, Place::Sources, routes::SHEET.to_owned())
}

#[component]
pub fn ColumnsPage() -> impl IntoView {
    let id = parameter("id");
    let sheet = use_query_map().with_untracked(|query| query.get("aba"));
    let here = routes::upload(&id);
    let parts = Resource::new(
        || (),
        move |()| {
            let (id, sheet) = (id.clone(), sheet.clone());
            async { Ok::<Parts, _>(vec![(calls::uploads::columns(id, sheet).await?, None)]) }
        },
    );
    page(parts, Place::Sources, here)
}

#[component]
pub fn MakingPage() -> impl IntoView {
    let source = named();
    let here = routes::making(&source);
    let parts = Resource::new(
        || (),
        move |()| {
            let source = source.clone();
            async move {
                let live = routes::making_live(&source);
                Ok::<Parts, _>(vec![(calls::uploads::making(source).await?, Some(live))])
            }
        },
    );
    page(parts, Place::Sources, here)
}

#[component]
pub fn ReplacingPage() -> impl IntoView {
    let (source, id) = (named(), parameter("id"));
    let here = routes::source(&source);
    let parts = Resource::new(
        || (),
        move |()| {
            let (source, id) = (source.clone(), id.clone());
            async { Ok::<Parts, _>(vec![(calls::uploads::compare(source, id).await?, None)]) }
        },
    );
    page(parts, Place::Sources, here)
}

fn parameter(name: &str) -> String {
    use_params_map().with_untracked(|params| params.get(name)).unwrap_or_default()
}
