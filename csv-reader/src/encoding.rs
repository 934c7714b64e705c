//! From bytes to text.

use std::{borrow::Cow, fmt};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why bytes are not text. The display form completes "The file ...".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotText {
    /// The line of the first byte that is wrong, counted from 1.
    pub line: usize,
    /// How many characters of the line are before it.
    pub characters_before: usize,
    /// The bytes that are wrong.
    pub bytes: Vec<u8>,
    /// The encoding that the file seems to have.
    pub guess: &'static str,
}

impl fmt::Display for NotText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            characters_before,
            bytes,
            guess,
        } = self;
        write!(
            formatter,
            "is not valid UTF-8: line {line} has the bytes {bytes:02X?} after {characters_before} characters. \
             It looks like {guess}; convert it to UTF-8"
        )
    }
}

/// Decodes UTF-8, and UTF-16 with a byte order mark. The mark is left out. No other encoding is guessed,
/// because a wrong guess would store wrong names.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, NotText> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(NotText::at(bytes, 0, 4, "UTF-32")),
        [0xff, 0xfe, rest @ ..] => {
            decode_utf16(rest, u16::from_le_bytes, u16::to_le_bytes, "UTF-16LE")
        }
        [0xfe, 0xff, rest @ ..] => {
            decode_utf16(rest, u16::from_be_bytes, u16::to_be_bytes, "UTF-16BE")
        }
        [first, 0, ..] if *first != 0 => Err(NotText::at(
            bytes,
            1,
            1,
            "UTF-16LE without a byte order mark",
        )),
        [0, second, ..] if *second != 0 => Err(NotText::at(
            bytes,
            0,
            1,
            "UTF-16BE without a byte order mark",
        )),
        _ => check_utf8(bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes)).map(Cow::Borrowed),
    }
}

/// The same bytes as text, which may begin in the middle of a file.
pub fn check_utf8(bytes: &[u8]) -> Result<&str, NotText> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let wrong = error.error_len().unwrap_or(bytes.len() - at);
        NotText::at(bytes, at, wrong, guess(bytes))
    })
}

fn decode_utf16(
    content: &[u8],
    unit: fn([u8; 2]) -> u16,
    bytes: fn(u16) -> [u8; 2],
    name: &'static str,
) -> Result<Cow<'static, str>, NotText> {
    let (pairs, odd) = content.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for character in char::decode_utf16(pairs.iter().copied().map(unit)) {
        match character {
            Ok(character) => text.push(character),
            Err(error) => {
                let wrong = bytes(error.unpaired_surrogate());
                return Err(NotText::after(&text, wrong.to_vec(), name));
            }
        }
    }
    match odd {
        [] => Ok(Cow::Owned(text)),
        _ => Err(NotText::after(&text, odd.to_vec(), name)),
    }
}

/// The encoding that browsers would take the bytes for on a page of a western country: where a few letters
/// could be of several encodings, most files are of this one.
fn guess(bytes: &[u8]) -> &'static str {
    // Lines end so in what Excel for Mac saves, which browsers never meet.
    if bytes.contains(&b'\r') && !bytes.contains(&b'\n') {
        return "macintosh";
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(Some(b"fr"), Utf8Detection::Deny).name()
}

impl NotText {
    fn at(bytes: &[u8], at: usize, length: usize, guess: &'static str) -> Self {
        let before = String::from_utf8_lossy(&bytes[..at]);
        Self::after(&before, bytes[at..at + length].to_vec(), guess)
    }

    fn after(text: &str, bytes: Vec<u8>, guess: &'static str) -> Self {
        let unified = text.replace("\r\n", "\n").replace('\r', "\n");
        let last = unified.rsplit('\n').next().unwrap_or_default();
        Self {
            line: unified.matches('\n').count() + 1,
            characters_before: last.chars().count(),
            bytes,
            guess,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn utf_8_and_utf_16_with_a_mark_are_read() {
        let text = "Zoë 名前 🔥";
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{feff}{text}").into_bytes(),
            utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
            utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
        assert_eq!(decode(b"").unwrap(), "");
    }

    #[test]
    fn other_encodings_are_refused_with_a_guess_the_line_and_the_bytes() {
        let french = b"email,full_name\r\nzoe.leroy@example.com,Zo\xe9 Leroy\r\n";
        let error = decode(french).unwrap_err();
        assert_eq!(
            error.to_string(),
            "is not valid UTF-8: line 2 has the bytes [E9] after 24 characters. It looks like windows-1252; convert \
             it to UTF-8"
        );
        let short = b"email,username,full_name\na@example.com,a,Ren\xe9\n";
        assert_eq!(decode(short).unwrap_err().guess, "windows-1252");
        let russian = b"full_name\n\xc8\xe2\xe0\xed \xcf\xe5\xf2\xf0\xee\xe2\n\xc0\xed\xed\xe0 \xca\xe0\xf0\xe5\xed\xe8\xed\xe0\n";
        assert_eq!(decode(russian).unwrap_err().guess, "windows-1251");
        let macintosh = b"email,full_name\ra@example.com,Zo\x91 M\x9fller\r";
        assert_eq!(decode(macintosh).unwrap_err().guess, "macintosh");
        let japanese =
            b"full_name\n\x8e\x52\x93\x63\x91\xbe\x98\x59\n\x8d\xb2\x93\xa1\x89\xd4\x8e\x71\n";
        assert_eq!(decode(japanese).unwrap_err().guess, "Shift_JIS");
    }

    #[test]
    fn utf_16_without_a_mark_and_utf_32_are_named() {
        for (bytes, guess) in [
            (
                utf16("email", u16::to_le_bytes),
                "UTF-16LE without a byte order mark",
            ),
            (
                utf16("email", u16::to_be_bytes),
                "UTF-16BE without a byte order mark",
            ),
            (b"\xff\xfe\0\0e\0\0\0".to_vec(), "UTF-32"),
        ] {
            assert_eq!(decode(&bytes).unwrap_err().guess, guess);
        }
    }

    #[test]
    fn half_a_character_of_utf_16_is_refused_with_its_line() {
        for rest in [&b"\x3d\xd8"[..], b"\x3d"] {
            let mut bytes = utf16("\u{feff}a\nb", u16::to_le_bytes);
            bytes.extend(rest);
            let error = decode(&bytes).unwrap_err();
            assert_eq!((error.line, error.characters_before), (2, 1));
            assert_eq!(error.bytes, rest);
        }
    }
}
