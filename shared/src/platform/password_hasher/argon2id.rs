//! One hash at a time.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};

use crate::platform::error::Error;

/// RFC 9106, section 3.1, recommends 16 bytes of salt; a tag of 32 is common.
const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 32;

const OPERATION: &str = "hashing passwords";

/// A hasher for one thread. It keeps its memory from hash to hash: asking the system for 19 MiB of
/// zeroed pages anew costs a part of every hash.
pub(super) struct Argon2id {
    argon2: Argon2<'static>,
    memory: Vec<Block>,
    random: SystemRandom,
}

impl Argon2id {
    pub(super) fn new(params: &Params) -> Self {
        Self {
            memory: vec![Block::default(); params.block_count()],
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone()),
            random: SystemRandom::new(),
        }
    }

    /// The hash of a password with a new salt, as a PHC string.
    pub(super) fn hash(&mut self, password: &str) -> Result<String, Error> {
        let mut salt = [0; SALT_BYTES];
        self.random
            .fill(&mut salt)
            .map_err(|_| Error::internal(OPERATION, "the system gives no random bytes"))?;
        let tag = self.tag(password.as_bytes(), &salt)?;
        Ok(phc_string(self.argon2.params(), salt, tag))
    }

    /// The bare hash of a secret with a given salt.
    pub(super) fn tag(&mut self, secret: &[u8], salt: &[u8]) -> Result<[u8; TAG_BYTES], Error> {
        let mut tag = [0; TAG_BYTES];
        self.argon2
            .hash_password_into_with_memory(secret, salt, &mut tag, self.memory.as_mut_slice())
            .map_err(|error| Error::internal(OPERATION, error.to_string()))?;
        Ok(tag)
    }
}

/// As long as a hash with these parameters, and the hash of no password.
pub(super) fn placeholder(params: &Params) -> String {
    phc_string(params, [0; SALT_BYTES], [0; TAG_BYTES])
}

fn phc_string(params: &Params, salt: [u8; SALT_BYTES], tag: [u8; TAG_BYTES]) -> String {
    format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        params.m_cost(),
        params.t_cost(),
        params.p_cost(),
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(tag)
    )
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordVerifier, password_hash::phc::PasswordHash};

    use super::*;

    #[test]
    fn hashes_verify_and_never_repeat() {
        let params = Params::new(64, 2, 1, None).unwrap();
        let mut argon2id = Argon2id::new(&params);
        let first = argon2id.hash("correct horse").unwrap();
        let second = argon2id.hash("correct horse").unwrap();
        assert_ne!(first, second);
        assert_eq!(placeholder(&params).len(), first.len());
        assert!(first.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{first}");
        for hash in [first, second] {
            let hash = PasswordHash::new(&hash).unwrap();
            let verify =
                |password: &str| Argon2::default().verify_password(password.as_bytes(), &hash);
            assert!(verify("correct horse").is_ok());
            assert!(verify("wrong horse").is_err());
        }
    }
}
