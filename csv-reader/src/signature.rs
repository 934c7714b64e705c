//! Files that are not text.

/// How files begin that are taken for text by mistake, and what they are.
const SIGNATURES: [(&[u8], &str); 9] = [
    (b"\x1f\x8b", "compressed by gzip"),
    (b"PK\x03\x04", "a ZIP archive or a workbook of Excel"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "a workbook of Excel 97 to 2003",
    ),
    (b"BZh", "compressed by bzip2"),
    (b"\xfd7zXZ\0", "compressed by xz"),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard"),
    (b"SQLite format 3\0", "a database of SQLite"),
    (b"PGDMP", "a dump of pg_dump in its own format"),
    (b"%PDF-", "a PDF document"),
];

/// What a file is by its first bytes, if it is not text. This completes "The file is ...".
#[must_use]
pub fn binary_kind(bytes: &[u8]) -> Option<&'static str> {
    let found = SIGNATURES
        .iter()
        .find(|(start, _)| bytes.starts_with(start));
    found.map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_not_text_are_named_by_how_they_begin() {
        assert_eq!(
            binary_kind(b"PK\x03\x04\x14\0"),
            Some("a ZIP archive or a workbook of Excel")
        );
        assert_eq!(binary_kind(b"\xfd7zXZ\0\0"), Some("compressed by xz"));
        for text in [&b""[..], b"P", b"PK,email\n", b"\xef\xbb\xbfemail\n"] {
            assert_eq!(binary_kind(text), None);
        }
    }
}
