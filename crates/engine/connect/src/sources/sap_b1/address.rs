//! Where the Service Layer is, and how it proves who it is.
//!
//! Signs nobody in (`session`). Invariant: a password leaves this machine encrypted, or not at all.

use std::net::IpAddr;

use reqwest::Url;

use crate::errors::ConnectError;
use crate::http::{Ask, Http, HttpError, HttpOptions, Trust};
use crate::manners::Pace;
use crate::settings::Settings;

/// The root of the service, as `https://sap.example.com:50000/b1s/v2`.
pub(super) fn service_root(settings: &Settings) -> Result<String, ConnectError> {
    let refused = |detail: &str| settings.refused("address", detail);
    let mut url = Url::parse(settings.text("address"))
        .map_err(|_| refused("write it as https://sap.example.com:50000"))?;
    if url.scheme() != "https" && !is_this_machine(&url) {
        return Err(refused("write it with https://; the password would travel in clear"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let whole = match path.as_str() {
        "" => "/b1s/v2".to_owned(),
        path if path.ends_with("/b1s") => format!("{path}/v2"),
        path if path.ends_with("/b1s/v1") || path.ends_with("/b1s/v2") => path.to_owned(),
        // Paths are case-sensitive there: a wrong one answers like a wrong password.
        _ => return Err(refused("its path ends with /b1s/v1 or /b1s/v2, in small letters")),
    };
    url.set_path(&whole);
    Ok(url.to_string())
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whom to believe, as the settings have it.
pub(super) fn trust(settings: &Settings) -> Result<Trust, ConnectError> {
    match (settings.given("authority"), settings.given("fingerprint")) {
        (Some(_), Some(_)) => Err(settings.refused("fingerprint", "give it or `authority`, not both")),
        (Some(authority), None) => Ok(Trust::Own(authority.to_owned())),
        (None, Some(text)) => Trust::pinned(text).map_err(|detail| settings.refused("fingerprint", &detail)),
        (None, None) => Ok(Trust::Authorities),
    }
}

/// The same error with the fingerprint of the certificate that was shown, so that a person can compare and pin it.
pub(super) async fn with_fingerprint(root: &str, options: &HttpOptions, error: HttpError) -> HttpError {
    let HttpError::Certificate { host, detail } = error else { return error };
    if fingerprint_in(&detail).is_some() {
        return HttpError::Certificate { host, detail };
    }
    let detail = match shown_fingerprint(root, options).await {
        Some(shown) => format!("{detail}; the SHA-256 fingerprint of what it shows is {shown}"),
        None => detail,
    };
    HttpError::Certificate { host, detail }
}

/// Asks as one who believes in a certificate that nobody has: the refusal names the one that was shown, and nothing is sent.
async fn shown_fingerprint(root: &str, options: &HttpOptions) -> Option<String> {
    let options = HttpOptions { trust: Trust::Pinned([0; 32]), ..options.clone() };
    let http = Http::open(root, &options, Pace::new(crate::manners::Manners::default())).await.ok()?;
    match http.once(&Ask::get("")).await {
        Err(HttpError::Certificate { detail, .. }) => fingerprint_in(&detail).map(str::to_owned),
        _ => None,
    }
}

/// Thirty-two bytes in hexadecimal with colons between them.
fn fingerprint_in(text: &str) -> Option<&str> {
    let is_one = |word: &&str| {
        word.len() == 95
            && word.split(':').all(|byte| u8::from_str_radix(byte, 16).is_ok() && byte.len() == 2)
    };
    text.split(|c: char| !c.is_ascii_hexdigit() && c != ':').find(is_one)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(address: &str) -> Settings {
        let given = json!({"address": address, "company_db": "SBO", "user": "u", "password": "p"});
        Settings::read(&super::super::kind(), "erp", &given).unwrap()
    }

    #[test]
    fn service_root_is_completed_and_wrong_paths_are_refused() {
        for (given, expected) in [
            ("https://sap:50000", "https://sap:50000/b1s/v2"),
            ("https://sap:50000/b1s/", "https://sap:50000/b1s/v2"),
            ("https://sap:50000/b1s/v1/", "https://sap:50000/b1s/v1"),
            ("https://proxy/erp/b1s/v2", "https://proxy/erp/b1s/v2"),
            ("http://127.0.0.1:50001", "http://127.0.0.1:50001/b1s/v2"),
        ] {
            assert_eq!(service_root(&settings(given)).unwrap(), expected);
        }
        for wrong in ["https://sap:50000/B1S/v2", "https://sap/sap/opu", "http://sap:50000", "sap"] {
            let error = service_root(&settings(wrong)).unwrap_err().to_string();
            assert!(error.contains("`address`"), "{error}");
        }
    }

    #[test]
    fn fingerprint_is_found_within_a_sentence() {
        let shown = ["AB"; 32].join(":");
        assert_eq!(
            fingerprint_in(&format!("it has the fingerprint {shown}, not the pinned one")),
            Some(&*shown)
        );
        assert_eq!(fingerprint_in("invalid peer certificate: UnknownIssuer"), None);
    }
}
