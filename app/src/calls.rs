//! Server functions: the only way from a page to an answer, and the only room that knows on which side it runs.
//!
//! Holds no questions (`board_queries`, `metric_queries`) and no answers (`server/src/answers`). Invariant: every function takes
//! the `Principal` from context; without one it fails as `NotSignedIn` and asks nothing.

pub mod boards;
pub mod editions;
pub mod metrics;
pub mod people;
pub mod principal;
pub mod runs;
pub mod slices;
pub mod sources;
pub mod uploads;

use contract::Failure;
use contract::failure::FailureKind;
use serde::{Deserialize, Serialize};
use server_fn::codec::Post;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

/// What a call answers.
pub type Called<T> = Result<T, CallFailure>;

/// JSON in the body of a `POST`, both ways.
pub type Json = Post<JsonText>;

/// JSON read as text: the data that comes with a page is text too, so the browser carries one JSON reader instead of two.
pub struct JsonText;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, serde_json::Error> {
        serde_json::to_string(output).map(Bytes::from)
    }
}

impl<T: serde::de::DeserializeOwned> Decodes<T> for JsonText {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, serde_json::Error> {
        let text = std::str::from_utf8(&bytes).map_err(<serde_json::Error as serde::de::Error>::custom)?;
        serde_json::from_str(text)
    }
}

/// A `Failure` that also tells that the server could not be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct CallFailure(pub Failure);

impl From<Failure> for CallFailure {
    fn from(failure: Failure) -> CallFailure {
        CallFailure(failure)
    }
}

impl FromServerFnError for CallFailure {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> CallFailure {
        let kind = match &error {
            ServerFnErrorErr::Request(_) => FailureKind::Unreachable,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => FailureKind::BadRequest,
            _ => FailureKind::Internal,
        };
        CallFailure(Failure::new(kind, error.to_string()))
    }
}

/// The person who asks and the trait object that answers, from the context that the server provides.
#[cfg(feature = "ssr")]
pub(crate) fn answerer<T: ?Sized + Send + Sync + 'static>() -> Called<(contract::Principal, std::sync::Arc<T>)>
{
    use leptos::prelude::use_context;
    let principal = use_context::<contract::Principal>()
        .ok_or_else(|| Failure::new(FailureKind::NotSignedIn, "nobody is signed in; sign in at /entrar"))?;
    let answers = use_context::<std::sync::Arc<T>>().ok_or_else(|| {
        Failure::new(FailureKind::Internal, "this page was rendered without a server; start `mirante serve`")
    })?;
    Ok((principal, answers))
}

/// Sets the status of the page that is being rendered; does nothing in the browser.
pub fn set_page_status(failure: &Failure) {
    #[cfg(feature = "ssr")]
    if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(match failure.kind {
            FailureKind::BadRequest => http::StatusCode::BAD_REQUEST,
            FailureKind::NotSignedIn => http::StatusCode::UNAUTHORIZED,
            FailureKind::Forbidden => http::StatusCode::FORBIDDEN,
            FailureKind::NotFound => http::StatusCode::NOT_FOUND,
            FailureKind::NothingPublished | FailureKind::Unreachable => http::StatusCode::SERVICE_UNAVAILABLE,
            FailureKind::Internal => http::StatusCode::INTERNAL_SERVER_ERROR,
        });
    }
    #[cfg(not(feature = "ssr"))]
    let _ = failure;
}
