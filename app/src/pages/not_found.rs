//! What stands where no page is.

use crate::components::{Env, states};
use contract::Failure;
use contract::failure::FailureKind;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn NotFoundPage() -> impl IntoView {
    let env = Env::new();
    view! {
        <Title text=env.texts.not_found/>
        {states::failed_page(&Failure::new(FailureKind::NotFound, env.texts.not_found), "/".to_owned(), env.texts)}
    }
}
