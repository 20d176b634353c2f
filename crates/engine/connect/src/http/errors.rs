//! What can go wrong between us and a system behind HTTP, said so that a person knows what to do.
//!
//! Invariant: no message holds a header, a query or a secret; a server's own words are one line of a few hundred characters.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

/// A request that got no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error("`{url}` is no address of a server ({detail}); write it as https://host[:port]/path")]
    Address { url: String, detail: String },

    #[error("host `{host}` has no address ({detail}); check its name, and the DNS of this machine")]
    Unresolved { host: String, detail: String },

    #[error(
        "host `{host}` is at {address}, which is no public address; if it is meant to be, allow its network: `private_networks` in mirante.toml"
    )]
    Private { host: String, address: IpAddr },

    #[error("the client could not be set up ({detail}); check certificate and fingerprint")]
    Setup { detail: String },

    #[error("no connection to `{host}` ({detail}); check port and firewall, and that the system is up")]
    Unreachable { host: String, detail: String },

    #[error(
        "the certificate of `{host}` is not trusted ({detail}); give its authority, or pin its fingerprint"
    )]
    Certificate { host: String, detail: String },

    #[error("`{host}` did not answer within {seconds} s; try again, or ask for smaller pages")]
    Slow { host: String, seconds: u64 },

    #[error("`{host}` broke its answer off ({detail}); try again")]
    Broken { host: String, detail: String },

    #[error("`{host}` answered more than {limit_mb} MB to `{path}`; ask for smaller pages")]
    TooLarge { host: String, path: String, limit_mb: usize },

    #[error("`{host}` leads to `{to}`, and no source follows that; give the address that it really has")]
    Elsewhere { host: String, to: String },

    #[error("`{host}` answered {status} to `{path}`: {detail}")]
    Status { host: String, path: String, status: u16, detail: String },

    #[error(
        "`{host}` did not answer `{path}` as it should ({detail}); check that the address is the right one"
    )]
    Unexpected { host: String, path: String, detail: String },

    #[error("`{host}` refused the sign-in ({detail}); check user, password or key")]
    SignIn { host: String, detail: String },

    #[error(
        "`{host}` failed several times in a row and is left alone for another {seconds} s; the next sync tries again"
    )]
    Resting { host: String, seconds: u64 },
}

impl HttpError {
    /// Whether the same question may well be answered a little later.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            HttpError::Unreachable { .. }
                | HttpError::Slow { .. }
                | HttpError::Broken { .. }
                | HttpError::Unexpected { .. }
        )
    }

    /// The same error, the server's own words passed through `tell`.
    #[must_use]
    pub fn retold(mut self, tell: impl Fn(&str) -> String) -> HttpError {
        match &mut self {
            HttpError::Status { path, detail, .. } => {
                *path = tell(path);
                *detail = tell(detail);
            }
            HttpError::SignIn { detail: text, .. }
            | HttpError::Broken { detail: text, .. }
            | HttpError::Unexpected { detail: text, .. }
            | HttpError::Elsewhere { to: text, .. } => *text = tell(text),
            _ => {}
        }
        self
    }
}

pub(super) fn of_reqwest(error: &reqwest::Error, host: &str, timeout: Duration) -> HttpError {
    let host = host.to_owned();
    let detail = deepest(error);
    if error.is_timeout() {
        return HttpError::Slow { host, seconds: timeout.as_secs() };
    }
    if error.is_connect() {
        let of_certificate = causes(error).any(|cause| cause.to_string().contains("certificate"));
        return if of_certificate {
            HttpError::Certificate { host, detail }
        } else {
            HttpError::Unreachable { host, detail }
        };
    }
    HttpError::Broken { host, detail }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// The innermost cause: what really happened.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, |cause| one_line(cause.to_string().as_bytes()))
}

/// Text of a stranger as one short line.
pub(super) fn one_line(text: &[u8]) -> String {
    const LONGEST: usize = 300;
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * LONGEST)]);
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// What a server says in the body of an error: `error.message` as text or object, `Message`, or the body itself.
pub(super) fn said(body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let found = json.as_ref().and_then(|json| {
        let error = &json["error"];
        let message = &error["message"];
        [&message["value"], message, &json["Message"], &json["message"], error, &json["detail"]]
            .into_iter()
            .find_map(serde_json::Value::as_str)
    });
    let line = one_line(found.map_or(body, str::as_bytes));
    if line.is_empty() { "without a reason".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn said_finds_the_message_in_each_shape() {
        for (body, expected) in [
            (
                r#"{"error":{"code":-1102,"message":{"lang":"en-us","value":"No such field"}}}"#,
                "No such field",
            ),
            (r#"{"error":{"code":"-2039","message":"Bad query"}}"#, "Bad query"),
            (r#"{"Message":"An error\n has occurred."}"#, "An error has occurred."),
            (r#"{"error":"invalid_key"}"#, "invalid_key"),
            ("<html>\n <b>Bad Gateway</b></html>", "<html> <b>Bad Gateway</b></html>"),
            ("", "without a reason"),
        ] {
            assert_eq!(said(body.as_bytes()), expected);
        }
        assert!(one_line("x".repeat(2000).as_bytes()).chars().count() <= 301);
    }
}
