use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rig::{SigningKey, token};
use serde_json::Value;

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
