//! How much Lambda takes of an answer.

/// What a body may take in the answer that a function hands to Lambda, by [`bytes_in_envelope`].
/// Lambda refuses answers of more than 6 MB; the difference is for headers and envelope.
pub const MAX_BYTES_IN_ENVELOPE: usize = 6 * 1024 * 1024 - 16 * 1024;

/// What each byte takes as a part of a JSON string. A table, because exports count the bytes of millions of users.
const ESCAPED: [u8; 256] = {
    let mut bytes = [1; 256];
    let mut byte = 0;
    while byte < bytes.len() {
        bytes[byte] = match byte {
            // Backspace, tab, line feed, form feed, carriage return, quote and backslash have a short form.
            0x08 | 0x09 | 0x0a | 0x0c | 0x0d | 0x22 | 0x5c => 2,
            0x00..0x20 => 6,
            _ => 1,
        };
        byte += 1;
    }
    bytes
};

/// What a body takes in the answer that a function hands to Lambda. The body is a JSON string there, so
/// that its quotes, backslashes and control characters are escaped (RFC 8259, section 7), those of a
/// JSON body for a second time.
#[must_use]
pub fn bytes_in_envelope(body: impl AsRef<[u8]>) -> usize {
    body.as_ref()
        .iter()
        .map(|byte| usize::from(ESCAPED[usize::from(*byte)]))
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_takes_in_its_envelope_what_json_makes_of_it(
            body in prop_oneof![any::<String>(), "[\0-\"\\\\é\u{7f}]{0,60}"],
        ) {
            let json = serde_json::to_string(&body).unwrap();
            prop_assert_eq!(bytes_in_envelope(&body), json.len() - "\"\"".len());
        }
    }
}
