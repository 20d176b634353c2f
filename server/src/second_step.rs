//! Codes that change every half minute (RFC 6238), and recovery codes for when the phone is gone.
//!
//! Stores nothing (`metastore`). Invariant: a code belongs to a step, and whoever checks one is told which, so that it can be taken once.

use anyhow::{Context, Result};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use std::time::{SystemTime, UNIX_EPOCH};
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Half a minute more or less: clocks of phones differ.
const SKEW: u16 = 1;
const RECOVERY_CODES: usize = 10;

/// A secret that nobody has yet, as authenticators take it by hand.
pub fn new_secret() -> String {
    let chance = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat();
    // The fixed bits of the identifiers are in bytes 6 and 8 of each.
    let bytes: Vec<u8> = chance
        .iter()
        .enumerate()
        .filter(|(at, _)| ![6, 8].contains(&(at % 16)))
        .map(|(_, byte)| *byte)
        .take(20)
        .collect();
    Secret::from(bytes).to_base32()
}

fn totp(secret: &str) -> Result<Totp> {
    let secret = Secret::try_from_base32(secret).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_skew(SKEW)
        .with_secret(secret)
        .build()
        .map_err(|error| anyhow::anyhow!("{error:?}"))
        .context("the secret of the second step is damaged")
}

/// The step that the code is of, if it is one of now.
pub fn step(secret: &str, code: &str) -> Result<Option<u64>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(None);
    }
    Ok(totp(secret)?.check(&code, now))
}

/// What a phone reads to take the secret, as SVG.
pub fn picture(secret: &str, company: &str, email: &str) -> Result<String> {
    let issuer = format!("Mirante {company}");
    let label: String =
        url::form_urlencoded::byte_serialize(format!("{issuer}:{email}").as_bytes()).collect();
    let issuer: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
    // A plus is a space in forms only.
    let address = format!("otpauth://totp/{label}?secret={secret}&issuer={issuer}").replace('+', "%20");
    let code = QrCode::with_error_correction_level(address.as_bytes(), EcLevel::M)?;
    let picture = code.render::<svg::Color>().min_dimensions(200, 200).quiet_zone(true).build();
    // What stands before the element is for files.
    Ok(picture.find("<svg").map_or_else(String::new, |start| picture[start..].to_owned()))
}

/// Ten codes of 80 bits, each `xxxx-xxxx-xxxx-xxxx`.
pub fn recovery_codes() -> Vec<String> {
    let code = |_| {
        let secret = new_secret().to_lowercase();
        let letters: Vec<&str> = (0..4).map(|part| &secret[part * 4..part * 4 + 4]).collect();
        letters.join("-")
    };
    (0..RECOVERY_CODES).map(code).collect()
}

/// A recovery code as it was given out, however it was typed.
pub fn plain_recovery_code(typed: &str) -> String {
    let letters: Vec<char> =
        typed.to_lowercase().chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_now_is_of_a_step_and_others_are_of_none() {
        let secret = new_secret();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let code = |time: u64| totp(&secret).unwrap().generate(time).to_string();
        let taken = step(&secret, &format!(" {} ", code(now))).unwrap().unwrap();
        assert!(taken.abs_diff(now / 30) <= 1, "{taken}");
        assert_eq!(step(&secret, &code(now - 3600)).unwrap(), None);
        for wrong in ["", "12345", "abcdef", "1234567"] {
            assert_eq!(step(&secret, wrong).unwrap(), None, "{wrong}");
        }
        assert_ne!(secret, new_secret());
    }

    #[test]
    fn recovery_codes_differ_and_are_read_however_they_are_typed() {
        let codes = recovery_codes();
        let different: std::collections::BTreeSet<&String> = codes.iter().collect();
        assert_eq!(different.len(), RECOVERY_CODES);
        assert_eq!(codes[0].len(), 19);
        assert_eq!(plain_recovery_code(&codes[0].replace('-', " ").to_uppercase()), codes[0]);
    }

    #[test]
    fn the_picture_is_an_element_without_scripts() {
        let picture = picture(&new_secret(), "Serra Azul & Filhos", "ana@x.com").unwrap();
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>"), "{picture}");
        assert!(!picture.contains("script"));
    }
}
