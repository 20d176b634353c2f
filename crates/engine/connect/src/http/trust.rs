//! Whom a client believes to be the system that it calls.
//!
//! Invariant: there is no way to believe everybody.

use std::sync::Arc;

use reqwest::{Certificate, ClientBuilder};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use sha2::{Digest, Sha256};

use super::errors::{HttpError, deepest};

/// How a server proves who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// By an authority that this machine trusts.
    #[default]
    Authorities,
    /// By an authority of the company's own: certificates as PEM.
    Own(String),
    /// By the very certificate with this SHA-256 fingerprint; its names and dates do not matter.
    Pinned([u8; 32]),
}

impl Trust {
    /// Reads a fingerprint as tools print it: 64 hexadecimal digits, colons and blanks between them or not.
    ///
    /// # Errors
    /// Says what a fingerprint looks like.
    pub fn pinned(text: &str) -> Result<Trust, String> {
        let digits: Vec<u8> = text
            .trim()
            .trim_start_matches("sha256")
            .chars()
            .filter(|c| !c.is_whitespace() && *c != ':' && *c != '=')
            .map(|c| c.to_digit(16).map(|digit| digit as u8))
            .collect::<Option<_>>()
            .ok_or_else(|| wrong(text))?;
        let bytes: Vec<u8> =
            digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        if digits.len() != 64 {
            return Err(wrong(text));
        }
        Ok(Trust::Pinned(bytes.try_into().map_err(|_| wrong(text))?))
    }

    pub(super) fn apply(&self, client: ClientBuilder) -> Result<ClientBuilder, HttpError> {
        match self {
            Trust::Authorities => Ok(client),
            Trust::Own(pem) => {
                let certificates = Certificate::from_pem_bundle(pem.as_bytes())
                    .map_err(|error| HttpError::Setup { detail: deepest(&error) })?;
                if certificates.is_empty() {
                    return Err(HttpError::Setup { detail: "the authority holds no certificate".to_owned() });
                }
                Ok(client.tls_certs_only(certificates))
            }
            Trust::Pinned(fingerprint) => {
                let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
                let config = ClientConfig::builder_with_provider(provider.clone())
                    .with_safe_default_protocol_versions()
                    .map_err(|error| HttpError::Setup { detail: error.to_string() })?
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(Pin { fingerprint: *fingerprint, provider }))
                    .with_no_client_auth();
                Ok(client.tls_backend_preconfigured(config))
            }
        }
    }
}

fn wrong(text: &str) -> String {
    format!(
        "`{text}` is no SHA-256 fingerprint; it has 64 hexadecimal digits, as `openssl x509 -fingerprint -sha256` prints them"
    )
}

/// Believes one certificate alone.
#[derive(Debug)]
struct Pin {
    fingerprint: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found: [u8; 32] = Sha256::digest(end_entity.as_ref()).into();
        if found == self.fingerprint {
            return Ok(ServerCertVerified::assertion());
        }
        let shown: Vec<String> = found.iter().map(|byte| format!("{byte:02X}")).collect();
        let text = format!("its certificate has the fingerprint {}, not the pinned one", shown.join(":"));
        Err(Error::InvalidCertificate(CertificateError::Other(rustls::OtherError(Arc::new(Mismatch(text))))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Mismatch(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_tools_print_them() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(Trust::pinned(&plain), Ok(Trust::Pinned([0xab; 32])));
        assert_eq!(Trust::pinned(&format!("sha256={colons}")), Ok(Trust::Pinned([0xab; 32])));
        for text in ["", "ab", &"zz".repeat(32), &"ab".repeat(33)] {
            assert!(Trust::pinned(text).is_err(), "{text}");
        }
    }
}
