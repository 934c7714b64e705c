//! E-mail addresses.

use email_address::{EmailAddress, Options};

use super::{
    field_error::FieldError,
    text::{normalized, refuse_invisible},
};

/// RFC 5321, section 4.5.3.1.3, less the angle brackets of a path.
pub const MAX_BYTES: usize = 254;

/// Accepts what RFC 5321 and, for letters beyond ASCII, RFC 6531 call a mailbox, at a domain of at
/// least two labels. Comments, display names and domain literals are not part of an address.
///
/// Letters beyond ASCII are kept as they are, in normalization form C. The same domain in letters
/// and in `xn--` form is two addresses: only the mail system that delivers to it knows better.
pub(super) fn parse(given: &str) -> Result<String, FieldError> {
    let text = normalized(given);
    if text.len() > MAX_BYTES {
        return Err(FieldError::too_long("email", MAX_BYTES, "bytes"));
    }
    refuse_invisible("email", given)?;
    let options = Options::default()
        .with_required_tld()
        .without_display_text()
        .without_domain_literal();
    if text.contains(' ') || EmailAddress::parse_with_options(&text, options).is_err() {
        return Err(FieldError::new(
            "email",
            "invalid_format",
            "email must be an address like name@example.com",
        ));
    }
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_people_have_are_accepted() {
        for address in [
            "a@example.com",
            "first.last+tag@sub.example.co.uk",
            "o'brien@example.ie",
            "user@bücher.example",
            "名前@example.jp",
        ] {
            assert_eq!(parse(address), Ok(address.to_owned()), "{address}");
        }
    }

    #[test]
    fn an_address_is_stored_in_one_writing() {
        assert_eq!(
            parse("Jose\u{301}@example.com"),
            Ok("José@example.com".to_owned())
        );
    }

    #[test]
    fn text_that_is_no_address_is_refused() {
        for text in [
            "",
            "no-at-sign",
            "@example.com",
            "a@",
            "a@localhost",
            "a@[127.0.0.1]",
            "A <a@example.com>",
            "a b@example.com",
            "a@example.com\nBcc: b@example.com",
            "a\0@example.com",
            "a\u{200b}b@example.com",
            "a\u{202e}b@example.com",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        assert_eq!(parse(&long).unwrap_err().code, "too_long");
    }
}
