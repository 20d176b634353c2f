//! The certificate that an ERP of the house has signed itself, as the Service Layer does by default.
//!
//! Invariant: the private key never leaves the process.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use sha2::{Digest as _, Sha256};

use super::ServerError;

/// What a client needs to trust the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub pem: String,
    pub der: Vec<u8>,
    /// SHA-256 of the DER form, in lower-case hexadecimal digits.
    pub fingerprint: String,
}

/// A new certificate for the loopback, and the server's side of TLS with it.
pub(crate) fn make() -> Result<(Certificate, Arc<ServerConfig>), ServerError> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(names).map_err(|source| ServerError::Certificate { source })?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())
        .expect("the key was just written in a form that this library knows");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key))
        .map_err(|source| ServerError::Tls { source })?;
    let der = cert.der().to_vec();
    let fingerprint = format!("{:x}", Sha256::digest(&der));
    Ok((Certificate { pem: cert.pem(), der, fingerprint }, Arc::new(config)))
}
