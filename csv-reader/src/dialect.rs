//! How a file separates its cells.

/// The delimiters that spreadsheets and databases write, the usual one first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The line that Excel reads the delimiter from.
const SEPARATOR_LINE: &str = "sep=";

/// The delimiter of a text, and how many bytes the line takes that names it.
pub(crate) fn detect(text: &str) -> (u8, usize) {
    match separator_line(text) {
        Some(found) => found,
        None => (most_frequent(text), 0),
    }
}

/// A first line such as `sep=;`. Programs that save the file again put quotes around it, or delimiters
/// behind it.
fn separator_line(text: &str) -> Option<(u8, usize)> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text[..end].trim_matches('"');
    let (name, rest) = line.split_at_checked(SEPARATOR_LINE.len())?;
    let delimiter = *rest.as_bytes().first()?;
    let is_delimiter = DELIMITERS.contains(&delimiter)
        || (delimiter.is_ascii_punctuation() && !matches!(delimiter, b'"' | b'_' | b'-'));
    let is_filler = |byte: u8| byte == delimiter || DELIMITERS.contains(&byte) || byte == b' ';
    let is_line = name.eq_ignore_ascii_case(SEPARATOR_LINE)
        && is_delimiter
        && rest.bytes().skip(1).all(is_filler);
    let line_end = if text[end..].starts_with("\r\n") {
        2
    } else {
        1
    };
    is_line.then_some((delimiter, text.len().min(end + line_end)))
}

/// The delimiter that stands most often outside quotes in the first line that is not blank.
fn most_frequent(text: &str) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let (mut is_quoted, mut is_blank) = (false, true);
    for byte in text.bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\r' | b'\n' if !is_quoted && !is_blank => break,
            _ if is_quoted => {}
            _ => {
                if let Some(place) = DELIMITERS.iter().position(|&known| known == byte) {
                    counts[place] += 1;
                }
            }
        }
        is_blank &= byte.is_ascii_whitespace();
    }
    // Of equal counts, the last one wins.
    let places = (0..DELIMITERS.len()).rev();
    DELIMITERS[places.max_by_key(|&place| counts[place]).unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_the_header_uses_outside_quotes() {
        for (text, delimiter) in [
            ("email,username\na;b;c;d\n", b','),
            ("email;username\n", b';'),
            ("\r\n \nemail\tusername\tfull name, or nick\n", b'\t'),
            ("email|username|full_name\n", b'|'),
            ("\"a,b,c\";\"d,e\"", b';'),
            ("a;b,c", b','),
            ("email", b','),
            ("", b','),
        ] {
            assert_eq!(detect(text), (delimiter, 0), "{text:?}");
        }
    }

    #[test]
    fn a_line_that_names_the_delimiter_is_taken_at_its_word() {
        for (text, found) in [
            ("sep=;\r\na,b,c", (b';', 7)),
            ("SEP=\t\na,b", (b'\t', 6)),
            ("\"sep=|\"\ra|b", (b'|', 8)),
            ("sep=;;;\n", (b';', 8)),
            ("sep=,", (b',', 5)),
        ] {
            assert_eq!(detect(text), found, "{text:?}");
        }
        for text in ["sep=", "sep=email,a\n", "sep=\"\n", "separator;a"] {
            assert_eq!(detect(text).1, 0, "{text:?}");
        }
    }
}
