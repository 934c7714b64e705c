//! Mints JSON Web Tokens, good and bad ones, without the library that the functions check them with.

use anyhow::anyhow;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

/// What stands before the point of a P-256 key in a `SubjectPublicKeyInfo`: the algorithm, in DER.
const P256_PUBLIC_KEY_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A public key on P-384, a curve that none of our algorithms uses.
pub const P384_PUBLIC_KEY: &str = include_str!("../keys/p384.public.pem");

/// A public key on secp256k1, whose points are as long as those of P-256.
pub const SECP256K1_PUBLIC_KEY: &str = include_str!("../keys/secp256k1.public.pem");

/// A public RSA key of 1024 bits, which is too short.
pub const SHORT_RSA_PUBLIC_KEY: &str = include_str!("../keys/rsa1024.public.pem");

/// A private key on the curve P-256.
pub const P256_PRIVATE_KEY: &str = include_str!("../keys/p256.private.pem");

/// The private key of [`SigningKey::rs256`].
pub const RSA_PRIVATE_KEY: &str = include_str!("../keys/rsa.private.pem");

/// A key that signs tokens.
pub enum SigningKey {
    /// A shared secret.
    Hs256(String),
    /// A key pair on the curve P-256.
    Es256(EcdsaKeyPair),
    /// An RSA key pair.
    Rs256(RsaKeyPair),
}

impl SigningKey {
    /// A key from a shared secret.
    #[must_use]
    pub fn hs256(secret: &str) -> Self {
        Self::Hs256(secret.to_owned())
    }

    /// A fresh key pair on the curve P-256.
    pub fn es256() -> anyhow::Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .map_err(|error| anyhow!("cannot generate a key: {error}"))?;
        EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
            .map(Self::Es256)
            .map_err(|error| anyhow!("cannot read the key: {error}"))
    }

    /// The RSA key pair of the tests. It is a file, because making one takes seconds.
    pub fn rs256() -> anyhow::Result<Self> {
        let document = from_pem(RSA_PRIVATE_KEY)?;
        RsaKeyPair::from_pkcs8(&document)
            .map(Self::Rs256)
            .map_err(|error| anyhow!("cannot read the key: {error}"))
    }

    /// The name of the algorithm.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Es256(_) => "ES256",
            Self::Rs256(_) => "RS256",
        }
    }

    /// What a function is configured with to check these tokens: the secret or the public key.
    #[must_use]
    pub fn verification_key(&self) -> String {
        match self {
            Self::Hs256(secret) => secret.clone(),
            Self::Es256(pair) => {
                let der = [&P256_PUBLIC_KEY_PREFIX, pair.public_key().as_ref()].concat();
                to_pem(&der)
            }
            Self::Rs256(_) => include_str!("../keys/rsa.public.pem").to_owned(),
        }
    }

    /// A good token of this user, valid for an hour.
    pub fn token(&self, user: i64) -> anyhow::Result<String> {
        self.sign(&claims(user))
    }

    /// A token with any claims.
    pub fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        self.sign_with_header(&json!({ "alg": self.algorithm(), "typ": "JWT" }), claims)
    }

    /// A token with any header, true or not.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> anyhow::Result<String> {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A token with any header and claims, which need not be JSON.
    pub fn sign_text(&self, header: &str, claims: &str) -> anyhow::Result<String> {
        let content = format!("{}.{}", encode(header), encode(claims));
        let signature = self.signature(content.as_bytes())?;
        Ok(format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn signature(&self, content: &[u8]) -> anyhow::Result<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                Ok(hmac::sign(&key, content).as_ref().to_vec())
            }
            Self::Es256(pair) => pair
                .sign(&random, content)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|error| anyhow!("cannot sign: {error}")),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, content, &mut signature)
                    .map_err(|error| anyhow!("cannot sign: {error}"))?;
                Ok(signature)
            }
        }
    }
}

/// The claims of a good token of this user: subject, and an expiry in an hour.
#[must_use]
pub fn claims(user: i64) -> Value {
    json!({ "sub": user.to_string(), "exp": Utc::now().timestamp() + 3600 })
}

/// A token that says `alg: none` and has no signature.
#[must_use]
pub fn unsigned(claims: &Value) -> String {
    format!(
        "{}.{}.",
        encode(&json!({ "alg": "none", "typ": "JWT" }).to_string()),
        encode(&claims.to_string())
    )
}

/// The same token with other claims under the old signature.
#[must_use]
pub fn tampered(token: &str, claims: &Value) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    if let Some(payload) = parts.get_mut(1) {
        *payload = encode(&claims.to_string());
    }
    parts.join(".")
}

fn encode(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

fn to_pem(der: &[u8]) -> String {
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der)
    )
}

fn from_pem(pem: &str) -> anyhow::Result<Vec<u8>> {
    let encoded: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    Ok(STANDARD.decode(encoded)?)
}
