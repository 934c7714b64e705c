//! The parts that hashes are made of.

/// The alphabet in which crypt(3) writes numbers, from 0 to 63.
const CRYPT_DIGITS: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A decimal number with one spelling: without a sign and without zeros before it.
pub(super) fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

/// A hexadecimal number.
pub(super) fn hex_number(text: &str) -> Option<u32> {
    is_hex(text).then(|| u32::from_str_radix(text, 16).ok())?
}

/// The value of a digit of crypt(3).
pub(super) fn crypt_digit(byte: u8) -> Option<u32> {
    let place = CRYPT_DIGITS.iter().position(|&digit| digit == byte)?;
    u32::try_from(place).ok()
}

/// Whether text has digits of crypt(3) only, and how many.
pub(super) fn is_crypt(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| crypt_digit(byte).is_some())
}

/// Whether it is base64, in any of the alphabets in use, with or without padding.
pub(super) fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/.-_".contains(&byte);
    !digits.is_empty() && text.len() - digits.len() <= 2 && digits.bytes().all(is_digit)
}

/// How many bytes base64 stands for.
pub(super) fn base64_length(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

/// Whether it is bytes in hexadecimal.
pub(super) fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it can be a salt that is used as text.
pub(super) fn is_salt(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'$')
}

/// A scheme of LDAP in braces, and what follows it.
pub(super) fn scheme(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('{')?.split_once('}')
}

/// The values of `names`, each given once, and no others.
pub(super) fn parameters<'t, const N: usize>(
    text: &'t str,
    names: [&str; N],
) -> Option<[&'t str; N]> {
    let given: Vec<_> = text
        .split(',')
        .map(|parameter| parameter.split_once('='))
        .collect::<Option<_>>()?;
    let value = |name: &str| {
        let mut values = given.iter().filter(|(given, _)| *given == name);
        values.next().map(|(_, value)| *value)
    };
    let values = names.map(value);
    if given.len() != N || values.contains(&None) {
        return None;
    }
    Some(values.map(Option::unwrap_or_default))
}
