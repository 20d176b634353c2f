//! One's own second step of signing in: setting it up, confirming it with a code, and taking it away.
//!
//! Makes no markup and computes no codes (`second_step`). Invariant: it is changed only by whoever also knows the password, and stored only once a code has shown
//! that an authenticator has the secret.

use super::{Here, Who, opened, present_is_right, shown, value};
use crate::house::House;
use crate::second_step;
use crate::web::session;
use app::routes;
use app::stills::people::PersonPosted;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use contract::Principal;
use contract::people::{NewSecondStep, PasswordRefusal, PersonRefusal};
use std::sync::Arc;

pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/acessos/codigo", post(begun))
        .route("/acessos/codigo/confirmar", post(confirmed))
        .route("/acessos/codigo/tirar", post(dropped))
}

async fn begun(State(house): Here, who: Who, request: Request) -> Response {
    let step = match proposed(&house, &who, second_step::new_secret()).await {
        Ok(step) => step,
        Err(error) => return session::failed(&error, "set up the second step"),
    };
    let posted = PersonPosted { step: Some(step), ..PersonPosted::default() };
    shown(house, request.into_parts().0, routes::ACCOUNT, posted).await
}

async fn proposed(house: &House, who: &Principal, secret: String) -> anyhow::Result<NewSecondStep> {
    let company = house.metastore.workspace().await?.company;
    let email = house.metastore.credential(&who.id).await?.map(|known| known.email);
    let picture = second_step::picture(&secret, &company, email.as_deref().unwrap_or(&who.id))?;
    Ok(NewSecondStep { secret, picture })
}

async fn confirmed(State(house): Here, who: Who, request: Request) -> Response {
    let (parts, pairs) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let told = |name| value(&pairs, name);
    let address = session::device(&parts).address;
    let posted = async {
        let secret = told("secret");
        Ok::<_, anyhow::Error>(
            match confirm(&house, &who, secret, (told("code"), told("present")), &address).await? {
                Ok(codes) => PersonPosted { recovery: Some(codes), ..PersonPosted::default() },
                Err(refusal) => PersonPosted {
                    refused: Some(refusal),
                    step: Some(proposed(&house, &who, secret.to_owned()).await?),
                    ..PersonPosted::default()
                },
            },
        )
    };
    match posted.await {
        Ok(posted) => shown(house, parts, routes::ACCOUNT, posted).await,
        Err(error) => session::failed(&error, "set up the second step"),
    }
}

/// The recovery codes, once the code and the password are right.
async fn confirm(
    house: &House,
    who: &Principal,
    secret: &str,
    (code, present): (&str, &str),
    address: &str,
) -> anyhow::Result<Result<Vec<String>, PersonRefusal>> {
    let Ok(Some(step)) = second_step::step(secret, code) else { return Ok(Err(PersonRefusal::Code)) };
    if present_is_right(house, who, present, address).await?.is_none() {
        return Ok(Err(PersonRefusal::Password(PasswordRefusal::Wrong)));
    }
    let codes = second_step::recovery_codes();
    house.metastore.set_second_step(&who.id, secret, step, &codes).await?;
    Ok(Ok(codes))
}

async fn dropped(State(house): Here, who: Who, request: Request) -> Response {
    let (parts, pairs) = match opened(request).await {
        Ok(opened) => opened,
        Err(status) => return status.into_response(),
    };
    let address = session::device(&parts).address;
    let done = async {
        if present_is_right(&house, &who, value(&pairs, "present"), &address).await?.is_none() {
            return anyhow::Ok(false);
        }
        house.metastore.remove_second_step(&who.id).await?;
        Ok(true)
    };
    match done.await {
        Ok(true) => Redirect::to(routes::ACCOUNT).into_response(),
        Ok(false) => {
            let refused = Some(PersonRefusal::Password(PasswordRefusal::Wrong));
            shown(house, parts, routes::ACCOUNT, PersonPosted { refused, ..PersonPosted::default() }).await
        }
        Err(error) => session::failed(&error, "take the second step away"),
    }
}
