//! Algorithms whose hashes are stored only where the caller asks for them: few applications verify them.

/// One of these algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherHash {
    ShaCrypt,
    Yescrypt,
    Phpass,
    FirebaseScrypt,
}

/// A set of these algorithms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AcceptedHashes(u8);

impl OtherHash {
    const ALL: [Self; 4] = [
        Self::ShaCrypt,
        Self::Yescrypt,
        Self::Phpass,
        Self::FirebaseScrypt,
    ];

    /// How requests spell it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ShaCrypt => "sha-crypt",
            Self::Yescrypt => "yescrypt",
            Self::Phpass => "phpass",
            Self::FirebaseScrypt => "firebase-scrypt",
        }
    }

    /// What it is, for a message.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::ShaCrypt => "SHA-crypt of Linux",
            Self::Yescrypt => "yescrypt of Linux",
            Self::Phpass => "phpass of WordPress or Drupal",
            Self::FirebaseScrypt => "Firebase's scrypt",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl AcceptedHashes {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Self(
            OtherHash::ALL
                .iter()
                .fold(0, |bits, hash| bits | hash.bit()),
        )
    }

    /// Reads names with commas between them; the error completes "must ...".
    pub fn parse(names: &str) -> Result<Self, String> {
        let names = names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names.into_iter().try_fold(Self::NONE, |accepted, name| {
            let found = OtherHash::ALL
                .into_iter()
                .find(|hash| hash.name().eq_ignore_ascii_case(name));
            match found {
                Some(hash) => Ok(Self(accepted.0 | hash.bit())),
                None => Err(format!("be a list of {}", Self::names().join(", "))),
            }
        })
    }

    /// The names of all of them.
    #[must_use]
    pub fn names() -> [&'static str; 4] {
        OtherHash::ALL.map(OtherHash::name)
    }

    pub(super) fn contains(self, hash: OtherHash) -> bool {
        self.0 & hash.bit() != 0
    }
}
