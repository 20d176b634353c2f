//! Passwords: which are taken, how they are hashed, and comparing one with a hash.
//!
//! Stores nothing (`metastore`) and knows nobody (`web::entry`). Invariant: comparing costs the same whether or not there is a hash to compare with, and
//! never more than a few are hashed at a time.

use anyhow::{Context, Result};
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use contract::people::{PASSWORD_LETTERS, PasswordRefusal};
use std::sync::Arc;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// OWASP's recommendation for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// As many are hashed at once; each holds its memory.
const AT_ONCE: usize = 2;
/// Guesses that a password has to withstand (zxcvbn's scale of 0 to 4): 10^10. Three known words in a row come to a little more than 10^8.
const STRONG: zxcvbn::Score = zxcvbn::Score::Four;

#[derive(Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// What is compared with where there is nobody.
    nobody: Arc<str>,
}

impl Passwords {
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn new() -> Result<Passwords> {
        let nobody = hashed(&uuid::Uuid::new_v4().to_string())?.into();
        Ok(Passwords { slots: Arc::new(Semaphore::new(AT_ONCE)), nobody })
    }

    /// The PHC string of a password.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = plain(password);
        self.in_turn(move || hashed(&password)).await?
    }

    /// Whether it is the password of this hash; never without one, after the same time.
    pub async fn matches(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let password = plain(password);
        let against: String = hash.unwrap_or(&self.nobody).to_owned();
        let matches = self.in_turn(move || verified(&password, &against)).await??;
        Ok(matches && hash.is_some())
    }

    /// Why this password is not taken, if it is not. `known` is what everybody knows of the person.
    pub async fn refusal(&self, password: &str, known: &[&str]) -> Result<Option<PasswordRefusal>> {
        let letters = password.chars().count();
        if letters < *PASSWORD_LETTERS.start() {
            return Ok(Some(PasswordRefusal::Short));
        }
        if letters > *PASSWORD_LETTERS.end() {
            return Ok(Some(PasswordRefusal::Long));
        }
        let password = plain(password);
        let known: Vec<String> = words(known);
        self.in_turn(move || {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            (zxcvbn::zxcvbn(&password, &known).score() < STRONG).then_some(PasswordRefusal::Easy)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let slot = self.slots.clone().acquire_owned().await?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(slot);
            done
        });
        done.await.context("hashing was interrupted")
    }
}

/// The same letters are the same password, however a keyboard writes their accents.
fn plain(password: &str) -> String {
    // Longer ones are never right; they need not be looked at whole.
    password.chars().take(*PASSWORD_LETTERS.end() + 1).nfc().collect()
}

/// What is known of a person, whole and in words.
fn words(known: &[&str]) -> Vec<String> {
    let parts = known.iter().flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()));
    known.iter().copied().chain(parts).filter(|word| word.len() > 2).map(str::to_lowercase).collect()
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hashed(password: &str) -> Result<String> {
    let hash = argon2()?.hash_password(password.as_bytes());
    Ok(hash.map_err(|error| anyhow::anyhow!("a password could not be hashed: {error}"))?.to_string())
}

fn verified(password: &str, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash)
        .map_err(|error| anyhow::anyhow!("a stored password cannot be read: {error}"))?;
    Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_none_without_one() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("três montanhas azuis").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.matches("três montanhas azuis", Some(&hash)).await.unwrap());
        assert!(passwords.matches("tre\u{302}s montanhas azuis", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("tres montanhas azuis", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("três montanhas azuis", None).await.unwrap());
        assert_ne!(hash, passwords.hash("três montanhas azuis").await.unwrap(), "each has a salt of its own");
    }

    #[tokio::test]
    async fn short_long_common_and_personal_passwords_are_refused() {
        let passwords = Passwords::new().unwrap();
        let known = ["Helena Prado", "helena@serraazul.com.br", "Serra Azul Distribuidora"];
        let long = "x7-".repeat(43);
        let cases = [
            ("curta-mas-7", PasswordRefusal::Short),
            (long.as_str(), PasswordRefusal::Long),
            ("password1234", PasswordRefusal::Easy),
            ("aaaaaaaaaaaaaaaa", PasswordRefusal::Easy),
            ("qwertyuiop123", PasswordRefusal::Easy),
            ("helenaprado2026", PasswordRefusal::Easy),
            ("serraazul2026", PasswordRefusal::Easy),
        ];
        for (password, expected) in cases {
            assert_eq!(passwords.refusal(password, &known).await.unwrap(), Some(expected), "{password}");
        }
        for password in ["cavalo bateria grampo correto", "kV9#tr2!mWqz"] {
            assert_eq!(passwords.refusal(password, &known).await.unwrap(), None, "{password}");
        }
    }
}
