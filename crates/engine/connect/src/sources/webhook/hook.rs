//! The signature of Standard Webhooks: id, time and body, by a shared secret.
//!
//! Invariant: a delivery that is old, or that another secret signed, is refused; unknown versions of signatures are passed over.

use std::borrow::Cow;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use reqwest::header::HeaderMap;
use serde_json::json;

use crate::errors::ConnectError;
use crate::hooks::{Accepted, Refused};
use crate::settings::Settings;

/// How far the sender's clock may be from ours, in seconds; what is older may be a copy that somebody kept.
const TOLERANCE: i64 = 5 * 60;
const ID_LENGTH: usize = 256;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The door of one sender.
pub struct Hook {
    keys: Vec<hmac::Key>,
    now: fn() -> i64,
}

impl Hook {
    /// # Errors
    /// `Options` for a secret that is none.
    pub fn new(settings: &Settings) -> Result<Hook, ConnectError> {
        let key = |name: &str| {
            settings.given(name).map(|secret| {
                let secret = secret.trim();
                let bytes = BASE64.decode(secret.strip_prefix("whsec_").unwrap_or(secret));
                let bytes = bytes.ok().filter(|bytes| !bytes.is_empty());
                let bytes =
                    bytes.ok_or_else(|| settings.refused(name, "it is no secret of the form whsec_…"))?;
                Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
            })
        };
        let keys = ["secret", "former_secret"].into_iter().filter_map(key).collect::<Result<_, _>>()?;
        let now = || chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).timestamp();
        Ok(Hook { keys, now })
    }
}

impl crate::hooks::Hook for Hook {
    fn handshake(&self, _: &str) -> Result<String, Refused> {
        Err(Refused("there is no handshake"))
    }

    fn accept<'a>(&self, headers: &HeaderMap, body: &'a [u8]) -> Result<Accepted<'a>, Refused> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let id = header("webhook-id").filter(|id| !id.is_empty() && id.len() <= ID_LENGTH);
        let id = id.ok_or(Refused("it has no webhook-id"))?;
        let stamp = header("webhook-timestamp").ok_or(Refused("it has no webhook-timestamp"))?;
        let at: i64 = stamp.parse().map_err(|_| Refused("its webhook-timestamp is no number"))?;
        if (self.now)().abs_diff(at) > TOLERANCE.unsigned_abs() {
            return Err(Refused("its webhook-timestamp is too far from now; check both clocks"));
        }
        let given = header("webhook-signature").ok_or(Refused("it has no webhook-signature"))?;
        let mut signed = format!("{id}.{stamp}.").into_bytes();
        signed.extend_from_slice(body);
        let is_ours =
            |signature: Vec<u8>| self.keys.iter().any(|key| hmac::verify(key, &signed, &signature).is_ok());
        let mut signatures = given.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
        if signatures.any(|signature| BASE64.decode(signature).is_ok_and(is_ours)) {
            let note = json!({ "id": id, "timestamp": at }).to_string();
            return Ok(Accepted { note, body: Cow::Borrowed(body) });
        }
        Err(Refused("its signature is wrong"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::Hook as _;

    // The vector of Standard Webhooks' own tests.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn hook(given: &serde_json::Value, now: fn() -> i64) -> Hook {
        Hook { now, ..Hook::new(&Settings::read(&super::super::kind(), "loja", given).unwrap()).unwrap() }
    }

    fn headers(id: &str, at: i64, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", at.into());
        headers.insert("webhook-signature", signature.parse().unwrap());
        headers
    }

    #[test]
    fn official_vector_is_accepted_and_every_change_of_it_refused() {
        let hook = hook(&json!({ "secret": SECRET }), || AT);
        let accepted = |headers: &HeaderMap, body| hook.accept(headers, body);
        let note = accepted(&headers(ID, AT, SIGNATURE), BODY).unwrap().note;
        assert_eq!(note, format!("{{\"id\":\"{ID}\",\"timestamp\":{AT}}}"));
        assert!(accepted(&headers(ID, AT, SIGNATURE.trim_end_matches('=')), BODY).is_ok(), "unpadded");
        let several = format!("v1a,xyz v1,AAAA v2,{} {SIGNATURE}", &SIGNATURE[3..]);
        assert!(accepted(&headers(ID, AT, &several), BODY).is_ok(), "one of several");
        for (headers, body) in [
            (headers("msg_other", AT, SIGNATURE), BODY),
            (headers(ID, AT + 1, SIGNATURE), BODY),
            (headers(ID, AT, SIGNATURE), &b"{\"test\": 2432232315}"[..]),
            (headers(ID, AT, &SIGNATURE.replace("v1,", "v1a,")), BODY),
            (headers(ID, AT, &SIGNATURE.replace('g', "h")), BODY),
            (headers(ID, AT, ""), BODY),
            (HeaderMap::new(), BODY),
        ] {
            assert!(accepted(&headers, body).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn deliveries_are_taken_for_five_minutes_around_their_time() {
        let accepted =
            |now| hook(&json!({ "secret": SECRET }), now).accept(&headers(ID, AT, SIGNATURE), BODY).is_ok();
        assert!(accepted(|| AT + 300) && accepted(|| AT - 300));
        assert!(!accepted(|| AT + 301) && !accepted(|| AT - 301));
    }

    #[test]
    fn former_secret_is_still_accepted_and_no_secret_is_told_at_once() {
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
        let rotating = json!({ "secret": other, "former_secret": SECRET });
        assert!(hook(&rotating, || AT).accept(&headers(ID, AT, SIGNATURE), BODY).is_ok());
        let settings =
            Settings::read(&super::super::kind(), "loja", &json!({ "secret": "whsec_!" })).unwrap();
        let error = Hook::new(&settings).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("`secret`") && !error.contains("whsec_!"), "{error}");
    }
}
