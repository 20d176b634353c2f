//! Meta's handshake and its signature.
//!
//! Makes no rows (`envelope`). Invariant: tokens and signatures are compared in constant time; without the company's consent no text of a
//! message is kept.

use std::borrow::Cow;

use aws_lc_rs::{constant_time, hmac};
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::redaction;
use crate::hooks::{Accepted, Refused};
use crate::settings::Settings;

const SIGNATURE: &str = "x-hub-signature-256";
/// The challenge is a number; whatever else is asked to be repeated is not.
const CHALLENGE_LENGTH: usize = 200;

/// The door of one app.
pub struct Hook {
    secret: hmac::Key,
    token: String,
    store_text: bool,
}

impl Hook {
    pub fn new(settings: &Settings) -> Hook {
        let secret = settings.text("app_secret").trim();
        Hook {
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            token: settings.text("verify_token").to_owned(),
            store_text: settings.flag("store_text"),
        }
    }
}

impl crate::hooks::Hook for Hook {
    fn handshake(&self, query: &str) -> Result<String, Refused> {
        let url = Url::parse(&format!("hook:/?{query}")).map_err(|_| Refused("the query cannot be read"))?;
        let value = |name: &str| {
            url.query_pairs()
                .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
                .unwrap_or_default()
        };
        if value("hub.mode") != "subscribe" {
            return Err(Refused("it asks for no subscription"));
        }
        constant_time::verify_slices_are_equal(value("hub.verify_token").as_bytes(), self.token.as_bytes())
            .map_err(|_| Refused("the verify token is another one"))?;
        let challenge = value("hub.challenge");
        let is_plain = challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if challenge.len() > CHALLENGE_LENGTH || !is_plain {
            return Err(Refused("the challenge is none"));
        }
        Ok(challenge)
    }

    fn accept<'a>(&self, headers: &HeaderMap, body: &'a [u8]) -> Result<Accepted<'a>, Refused> {
        let signature = headers.get(SIGNATURE).ok_or(Refused("it has no signature"))?;
        let hex =
            signature.as_bytes().strip_prefix(b"sha256=").ok_or(Refused("its signature has another form"))?;
        let signature = bytes(hex).ok_or(Refused("its signature has another form"))?;
        hmac::verify(&self.secret, body, &signature).map_err(|_| Refused("its signature is wrong"))?;
        let without = if self.store_text { None } else { redaction::without_texts(body) };
        Ok(Accepted { note: String::new(), body: without.map_or(Cow::Borrowed(body), Cow::Owned) })
    }
}

/// The bytes that hexadecimal digits stand for.
fn bytes(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = hex.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect())?
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use serde_json::json;

    use super::*;
    use crate::hooks::Hook as _;

    fn hook() -> Hook {
        let given = json!({"app_secret": "appsecret", "verify_token": "meu token"});
        Hook::new(&Settings::read(&super::super::kind(), "zap", &given).unwrap())
    }

    fn accepted<'a>(signature: &str, body: &'a [u8]) -> Result<Accepted<'a>, Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE, signature.parse().unwrap());
        hook().accept(&headers, body)
    }

    #[test]
    fn signature_is_that_of_the_very_bytes() {
        const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
        const SIGNED: &str = "09eceea024af6e6343b760cc9bd3ae7c056938dd636e24e92109eb8219500384";
        assert!(accepted(&format!("sha256={SIGNED}"), BODY).is_ok());
        let other = SIGNED.replace('0', "1");
        for (signature, body) in [
            (format!("sha256={SIGNED}"), &b"{\"object\":\"whatsapp_business_account\", \"entry\":[]}"[..]),
            (format!("sha256={other}"), BODY),
            (format!("sha256={}", &SIGNED[1..]), BODY),
            (format!("sha256={SIGNED}00"), BODY),
            ("sha256=".to_owned(), BODY),
            (SIGNED.to_owned(), BODY),
            (format!("sha1={SIGNED}"), BODY),
        ] {
            assert!(accepted(&signature, body).is_err(), "{signature}");
        }
        assert!(hook().accept(&HeaderMap::new(), BODY).is_err());
    }

    #[test]
    fn texts_are_kept_only_where_the_company_asks_for_them() {
        const BODY: &[u8] = br#"{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"type":"text","text":{"body":"oi"}}]}}]}]}"#;
        for (store_text, kept) in [("false", false), ("true", true)] {
            let given = json!({"app_secret": "s", "verify_token": "t", "store_text": store_text});
            let hook = Hook::new(&Settings::read(&super::super::kind(), "zap", &given).unwrap());
            let tag = hmac::sign(&hook.secret, BODY);
            let mut hex = String::new();
            for byte in tag.as_ref() {
                write!(hex, "{byte:02x}").unwrap();
            }
            let mut headers = HeaderMap::new();
            headers.insert(SIGNATURE, format!("sha256={hex}").parse().unwrap());
            let accepted = hook.accept(&headers, BODY).unwrap();
            assert_eq!(&*accepted.body == BODY, kept);
            assert_eq!(memchr::memmem::find(&accepted.body, b"oi").is_some(), kept);
        }
    }

    #[test]
    fn challenge_is_repeated_to_who_knows_the_token() {
        let asked = |query: &str| hook().handshake(query).ok();
        let right = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meu%20token";
        assert_eq!(asked(right).as_deref(), Some("1158201444"));
        assert_eq!(asked(&right.replace("%20", "+")).as_deref(), Some("1158201444"));
        for wrong in [
            "",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=meu",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=meu%20token",
            "hub.mode=subscribe&hub.challenge=%3Cb%3E&hub.verify_token=meu%20token",
        ] {
            assert_eq!(asked(wrong), None, "{wrong}");
        }
    }
}
