//! What nobody may do to a user.

use crate::platform::error::Error;

/// The end of an answer to what would leave nobody to administrate users.
const LAST_SUPERUSER: Error = Error::NotPossible {
    code: "last_superuser",
    message: "This user is the last active superuser; make another user a superuser first",
    more: None,
};

const OWN_RIGHTS: Error = Error::NotPossible {
    code: "self",
    message: "You cannot deactivate or delete yourself, or stop being a superuser; another superuser can",
    more: None,
};

/// A rule that keeps superusers from locking everybody out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nobody takes away their own rights.
    OwnRights,
    /// The last active superuser stays one.
    LastSuperuser,
}

impl Guard {
    /// The code of its error.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.error().public().code
    }

    /// The answer to what breaks it.
    #[must_use]
    pub fn error(self) -> Error {
        match self {
            Self::OwnRights => OWN_RIGHTS,
            Self::LastSuperuser => LAST_SUPERUSER,
        }
    }
}
