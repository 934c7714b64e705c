//! E-mail addresses.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    field_error::FieldError,
    text::{normalized, refuse_invisible},
};

/// RFC 5321, section 4.5.3.1.3, less the angle brackets of a path.
pub const MAX_BYTES: usize = 254;

/// RFC 5321, section 4.5.3.1.1.
const MAX_LOCAL_PART_BYTES: usize = 64;

/// What may stand in the part before the @ beside letters and digits: `atext` of RFC 5322.
const ATOM_SIGNS: &str = "!#$%&'*+-/=?^_`{|}~";

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
    match check(&text) {
        Ok(()) => Ok(text.into_owned()),
        Err(problem) => Err(FieldError::new(
            "email",
            "invalid_format",
            format!("email must be an address like name@example.com: {problem}"),
        )),
    }
}

/// Whether a text in normalization form C without invisible characters is an address.
pub(super) fn is_address(text: &str) -> bool {
    text.len() <= MAX_BYTES && check(text).is_ok()
}

fn check(text: &str) -> Result<(), Cow<'static, str>> {
    let (local_part, domain) = text.rsplit_once('@').ok_or("it has no @")?;
    check_local_part(local_part)?;
    check_domain(domain)
}

fn check_local_part(text: &str) -> Result<(), Cow<'static, str>> {
    if text.is_empty() {
        return Err("nothing stands before the @".into());
    }
    if text.len() > MAX_LOCAL_PART_BYTES {
        return Err("the part before the @ may have at most 64 bytes".into());
    }
    if text.starts_with('"') {
        let is_quoted = text.len() > 1 && is_quoted_string(text);
        return is_quoted
            .then_some(())
            .ok_or("the quotes are malformed".into());
    }
    let is_atom = |character: char| {
        !character.is_ascii() || character.is_ascii_alphanumeric() || ATOM_SIGNS.contains(character)
    };
    if let Some(wrong) = text
        .chars()
        .find(|&character| !is_atom(character) && character != '.')
    {
        return Err(format!("the part before the @ may not have {wrong:?}").into());
    }
    if text.split('.').any(str::is_empty) {
        return Err("a dot must stand between other characters before the @".into());
    }
    Ok(())
}

/// `"`, characters of which `"` and `\` have a `\` before them, and `"`.
fn is_quoted_string(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    while let Some(character) = characters.next() {
        match character {
            '"' => return characters.next().is_none(),
            '\\' if characters.next().is_none() => return false,
            _ => {}
        }
    }
    false
}

/// Accepts a domain of two labels or more in its own spelling: by UTS 46, and unchanged by it but for case.
fn check_domain(text: &str) -> Result<(), Cow<'static, str>> {
    let is_allowed = |character: char| {
        !character.is_ascii() || character.is_ascii_alphanumeric() || "-.".contains(character)
    };
    if let Some(wrong) = text.chars().find(|&character| !is_allowed(character)) {
        return Err(format!("a domain has letters, digits and hyphens, not {wrong:?}").into());
    }
    let (_, last) = text.rsplit_once('.').ok_or("the domain has no dot")?;
    if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the domain is an IP address or ends with a number".into());
    }
    let uts46 = Uts46::new();
    let (denied, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    uts46
        .to_ascii(text.as_bytes(), denied, hyphens, DnsLength::Verify)
        .map_err(
            |_| "the domain breaks a rule of domain names, such as 1 to 63 characters between dots",
        )?;
    if text.is_ascii() {
        return Ok(());
    }
    let (mapped, _) = uts46.to_unicode(text.as_bytes(), denied, hyphens);
    let is_same = |(given, mapped): (&str, &str)| {
        given.is_ascii()
            || given
                .chars()
                .flat_map(char::to_lowercase)
                .nfc()
                .eq(mapped.chars())
    };
    let is_unchanged = text.split('.').count() == mapped.split('.').count()
        && text.split('.').zip(mapped.split('.')).all(is_same);
    is_unchanged
        .then_some(())
        .ok_or_else(|| format!("the domain is written as {mapped:?}").into())
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
            "r&d@Example.COM",
            "guest_partner.example#EXT#@tenant.example",
            "\"a b\\\"\"@example.com",
            "a@r3---sn.example.com",
            "a@xn--bcher-kva.example",
            "user@bücher.example",
            "user@BÜCHER.example",
            "名前@example.jp",
            "राम@उदाहरण.भारत",
            "संपर्क@उदाहरण.भारत",
            "meena@example.சிங்கப்பூர்",
            "สมชาย@ตัวอย่าง.ไทย",
            "ruwan@උදාහරණ.ලංකා",
            "nari@ឧទាហរណ៍.example",
            "علی@مثال.ایران",
            "a@نامه\u{200c}ای.example",
            "δοκιμή@παράδειγμα.δοκιμή",
            "test@faß.example",
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
    fn text_that_is_not_an_address_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "it has no @"),
            ("no-at-sign", "it has no @"),
            ("@example.com", "nothing stands before the @"),
            ("a@", "the domain has no dot"),
            ("a@localhost", "the domain has no dot"),
            (
                "a@[127.0.0.1]",
                "a domain has letters, digits and hyphens, not '['",
            ),
            (
                "a@192.0.2.7",
                "the domain is an IP address or ends with a number",
            ),
            (
                "A <a@example.com>",
                "the part before the @ may not have ' '",
            ),
            ("a b@example.com", "the part before the @ may not have ' '"),
            (
                "a..b@example.com",
                "a dot must stand between other characters before the @",
            ),
            ("\"a\"b@example.com", "the quotes are malformed"),
            (
                "a@example.com?subject=x",
                "a domain has letters, digits and hyphens, not '?'",
            ),
            (
                "a@example.com/contact",
                "a domain has letters, digits and hyphens, not '/'",
            ),
            (
                "a@exam_ple.com",
                "a domain has letters, digits and hyphens, not '_'",
            ),
            (
                "a@example.com, b@example.com",
                "the part before the @ may not have '@'",
            ),
            (
                "a@ｅｘａｍｐｌｅ.com",
                "the domain is written as \"example.com\"",
            ),
            ("a@例え。jp", "the domain has no dot"),
        ] {
            let message = format!("email must be an address like name@example.com: {reason}");
            assert_eq!(parse(text).unwrap_err().message, message, "{text:?}");
        }
        for domain in [
            "-a.example",
            "a-.example",
            "a..example",
            "a.example.",
            ".example",
            "xn--a.example",
        ] {
            let message = parse(&format!("a@{domain}")).unwrap_err().message;
            assert!(message.contains("a rule of domain names"), "{message}");
        }
    }

    #[test]
    fn parts_of_an_address_have_their_limits() {
        let long = |local, label| format!("{}@{}.example", "a".repeat(local), "b".repeat(label));
        assert!(parse(&long(64, 63)).is_ok());
        assert!(parse(&long(65, 63)).is_err());
        assert!(parse(&long(64, 64)).is_err());
        let long = format!("{}@example.com", "a".repeat(250));
        assert_eq!(parse(&long).unwrap_err().code, "too_long");
    }
}
