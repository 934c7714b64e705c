use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rig::{SigningKey, token};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;

/// What stands before the key proper in the DER of a 2048 bit RSA and of a P-256 public key.
const RSA_PREFIX: usize = 24;
const P256_PREFIX: usize = 26;

#[test]
fn public_keys_verify_their_tokens() {
    check(
        &SigningKey::rs256().unwrap(),
        &RSA_PKCS1_2048_8192_SHA256,
        RSA_PREFIX,
    );
    check(
        &SigningKey::es256().unwrap(),
        &ECDSA_P256_SHA256_FIXED,
        P256_PREFIX,
    );
}

fn check(key: &SigningKey, algorithm: &'static dyn VerificationAlgorithm, prefix: usize) {
    let pem = key.verification_key();
    let encoded: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let public_key = &STANDARD.decode(encoded).unwrap()[prefix..];
    let token = key.token(1).unwrap();
    let (content, signature) = token.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(algorithm, public_key)
        .verify(
            content.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
}

#[test]
fn an_unsigned_token_says_alg_none_and_ends_in_a_dot() {
    let token = token::unsigned(&token::claims(1));
    assert!(token.ends_with('.'));
    assert_eq!(part(&token, 0)["alg"], "none");
    assert_eq!(part(&token, 1)["sub"], "1");
}

#[test]
fn a_tampered_token_keeps_its_signature() {
    let good = SigningKey::hs256("secret").token(2).unwrap();
    let bad = token::tampered(&good, &token::claims(1));
    assert_eq!(part(&bad, 1)["sub"], "1");
    assert_eq!(good.rsplit('.').next(), bad.rsplit('.').next());
}

fn part(token: &str, position: usize) -> Value {
    let text = token.split('.').nth(position).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}
