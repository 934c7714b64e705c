//! What is wrong with a hash.

/// What is wrong with a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// A part is missing, superfluous or misspelled.
    Malformed,
    /// No implementation could verify it.
    Unverifiable(&'static str),
    /// It costs more than this to verify.
    TooCostly(String),
}

/// `None` where the text is not a writing of an algorithm.
pub(super) type Checked = Option<Result<(), Problem>>;
