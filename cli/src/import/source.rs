//! A file of users as UTF-8 text, whatever its encoding.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek as _, SeekFrom};
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use csv_reader::NotText;
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use flate2::read::MultiGzDecoder;

/// How much is read at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// How files begin that are compressed by gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file whose encoding is known.
pub(super) struct Source {
    pub(super) file: File,
    path: PathBuf,
    /// In bytes, of the file.
    pub(super) length: u64,
    /// What its byte order mark says, or the operator.
    pub(super) encoding: &'static Encoding,
    mark_length: u64,
    /// Whether it is compressed by gzip, as the exports of Auth0 are.
    is_gzip: bool,
}

/// Any text of a file, from some place on.
pub(super) type Text<'s> = BufReader<Box<dyn Read + 's>>;

impl Source {
    /// A byte order mark overrides the encoding that is given.
    pub(super) fn open(path: &Path, encoding: Option<&'static Encoding>) -> Result<Self> {
        let mut file =
            File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let length = file.metadata().context("the file has no length")?.len();
        let begin = |file: &mut dyn Read| {
            let mut head = Vec::new();
            let read = file.take(16).read_to_end(&mut head);
            read.context("cannot read the file").map(|_| head)
        };
        let mut head = begin(&mut file)?;
        let is_gzip = head.starts_with(&GZIP);
        if is_gzip {
            file.rewind().context("cannot read the file")?;
            head = begin(&mut MultiGzDecoder::new(&file))?;
        }
        if let Some(kind) = csv_reader::binary_kind(&head) {
            bail!("the file is {kind}: unpack it, or save the sheet as CSV");
        }
        // UTF-32, and UTF-16 without a mark, have a zero here and would pass for UTF-16 or UTF-8.
        if encoding.is_none()
            && let start = &head[..head.len().min(4)]
            && start.contains(&0)
            && let Err(error) = csv_reader::decode(start)
        {
            bail!(advice(&error));
        }
        let (encoding, mark_length) =
            Encoding::for_bom(&head).unwrap_or((encoding.unwrap_or(UTF_8), 0));
        Ok(Self {
            file,
            path: path.to_owned(),
            length,
            encoding,
            mark_length: mark_length as u64,
            is_gzip,
        })
    }

    /// How long the text is in UTF-8.
    pub(super) fn text_length(&self) -> Result<u64> {
        if self.encoding == UTF_8 && !self.is_gzip {
            return Ok(self.length - self.mark_length);
        }
        io::copy(&mut self.text(0)?, &mut io::sink()).context("cannot read the file")
    }

    /// The text behind its first `offset` bytes in UTF-8. UTF-8 is not checked here.
    pub(super) fn text(&self, offset: u64) -> Result<Text<'_>> {
        let is_decoded = self.encoding != UTF_8;
        let start = self.mark_length + if is_decoded { 0 } else { offset };
        let bytes = self.bytes(start).context("cannot read the file")?;
        if !is_decoded {
            return Ok(bytes);
        }
        let mut text = buffered(Decoded {
            file: bytes,
            decoder: self.encoding.new_decoder_without_bom_handling(),
            position: start,
            text: Cursor::default(),
            is_finished: false,
        });
        skip(&mut text, offset).context("cannot read the file")?;
        Ok(text)
    }

    /// The bytes from `start` on, unpacked. A handle of its own: two texts of one file may be read at the
    /// same time.
    fn bytes(&self, start: u64) -> io::Result<Text<'static>> {
        let mut file = File::open(&self.path)?;
        if !self.is_gzip {
            file.seek(SeekFrom::Start(start))?;
            return Ok(buffered(file));
        }
        let mut bytes = buffered(MultiGzDecoder::new(file));
        skip(&mut bytes, start)?;
        Ok(bytes)
    }
}

fn skip(text: &mut Text<'_>, bytes: u64) -> io::Result<()> {
    io::copy(&mut text.take(bytes), &mut io::sink()).map(drop)
}

fn buffered<'s>(text: impl Read + 's) -> Text<'s> {
    BufReader::with_capacity(BUFFER_BYTES, Box::new(text))
}

/// A file in another encoding as UTF-8.
struct Decoded<R> {
    file: R,
    decoder: Decoder,
    /// The byte of the file that is decoded next.
    position: u64,
    /// What was decoded and not read yet: a character may be longer than the buffer of the reader.
    text: Cursor<Vec<u8>>,
    /// Whether the decoder has seen the end of the file, after which it may not be used.
    is_finished: bool,
}

impl<R: BufRead> Decoded<R> {
    /// Replaces the text by what follows it, which is empty at the end of the file.
    fn decode(&mut self) -> io::Result<()> {
        let mut text = mem::take(&mut self.text).into_inner();
        text.resize(BUFFER_BYTES, 0);
        let mut written = 0;
        while written == 0 && !self.is_finished {
            let bytes = self.file.fill_buf()?;
            let is_last = bytes.is_empty();
            let (result, read, length) = self
                .decoder
                .decode_to_utf8_without_replacement(bytes, &mut text, is_last);
            written = length;
            self.file.consume(read);
            self.position += read as u64;
            if let DecoderResult::Malformed(length, after) = result {
                let at = self.position - u64::from(length) - u64::from(after);
                let name = self.decoder.encoding().name();
                let message = format!("the file is not valid {name} after {at} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            self.is_finished = is_last && result == DecoderResult::InputEmpty;
        }
        text.truncate(written);
        self.text = Cursor::new(text);
        Ok(())
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.text.fill_buf()?.is_empty() {
            self.decode()?;
        }
        self.text.read(buffer)
    }
}

/// The encoding of a name, as browsers know it.
pub(super) fn encoding(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(name.as_bytes()).ok_or_else(|| {
        "no such encoding; known are utf-8, utf-16le, windows-1252 and others of the web".to_owned()
    })
}

/// Bytes of a file as text, which begin on `line`.
pub(super) fn checked(bytes: Vec<u8>, line: u64) -> Result<String> {
    String::from_utf8(bytes).or_else(|error| {
        let text = csv_reader::check_utf8(error.as_bytes()).map_err(|mut error| {
            error.line += usize::try_from(line - 1).unwrap_or_default();
            anyhow!(advice(&error))
        });
        text.map(str::to_owned)
    })
}

fn advice(error: &NotText) -> String {
    let name = error.guess.split(' ').next().unwrap_or_default();
    let option = match Encoding::for_label(name.as_bytes()) {
        Some(_) => format!(", or give --encoding {name}"),
        None => String::new(),
    };
    format!("the file {error}, for example with iconv -f {name} -t UTF-8{option}")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// A source, and the file that it reads.
    fn source(
        bytes: &[u8],
        encoding: Option<&'static Encoding>,
    ) -> Result<(Source, tempfile::NamedTempFile)> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Ok((Source::open(file.path(), encoding)?, file))
    }

    fn read(source: &Source, offset: u64) -> Result<String> {
        let mut found = String::new();
        let mut text = source.text(offset)?;
        text.read_to_string(&mut found)?;
        assert_eq!(text.read_to_string(&mut found)?, 0);
        Ok(found)
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn every_encoding_is_read_as_utf_8_from_any_place_on() {
        let text = "Zoë 名前 🔥\n".repeat(10_000);
        let marked = format!("\u{feff}{text}");
        let western = "Zoë €\n".repeat(10_000);
        let western_bytes = b"Zo\xeb \x80\n".repeat(10_000);
        for (bytes, encoding, text) in [
            (text.clone().into_bytes(), None, &text),
            (marked.clone().into_bytes(), None, &text),
            (utf16(&marked, u16::to_le_bytes), None, &text),
            (utf16(&marked, u16::to_be_bytes), None, &text),
            (utf16(&text, u16::to_le_bytes), Some("utf-16le"), &text),
            (western_bytes, Some("windows-1252"), &western),
        ] {
            let encoding = encoding.map(|name| super::encoding(name).unwrap());
            // Files of several parts are made by joining them.
            let (first, second) = bytes.split_at(bytes.len() / 3);
            let packed = [gzip(first), gzip(second)].concat();
            for bytes in [bytes, packed] {
                let (source, _file) = source(&bytes, encoding).unwrap();
                let mut whole = source.text(0).unwrap();
                for offset in [0, 3, text.len() / 2, text.len()] {
                    let offset = text.floor_char_boundary(offset);
                    let found = read(&source, offset as u64).unwrap();
                    assert!(
                        found == text[offset..],
                        "{} from {offset}",
                        source.encoding.name()
                    );
                }
                assert_eq!(source.text_length().unwrap(), text.len() as u64);
                // The other readers have not moved this one.
                let mut found = String::new();
                whole.read_to_string(&mut found).unwrap();
                assert!(found == *text, "{}", source.encoding.name());
            }
        }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_cut_off_or_packed_in_another_way_is_refused() {
        let packed = gzip(&b"email\na@example.com\n".repeat(10_000));
        let (cut, _file) = source(&packed[..packed.len() - 20], None).unwrap();
        assert!(read(&cut, 0).is_err());
        let error = source(b"PK\x03\x04\x14\0", None).err().unwrap().to_string();
        assert!(error.starts_with("the file is a ZIP archive"), "{error}");
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place_and_a_way_to_convert_it() {
        let error = checked(b"a\nM\xfcller\n".to_vec(), 7)
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "the file is not valid UTF-8: line 8 has the bytes [FC] after 1 characters. It looks like \
             windows-1252; convert it to UTF-8, for example with iconv -f windows-1252 -t UTF-8, or give \
             --encoding windows-1252"
        );
        for (bytes, advice) in [
            (
                &b"e\0m\0"[..],
                "iconv -f UTF-16LE -t UTF-8, or give --encoding UTF-16LE",
            ),
            (b"\xff\xfe\0\0", "iconv -f UTF-32 -t UTF-8"),
        ] {
            let error = source(bytes, None).err().unwrap().to_string();
            assert!(error.ends_with(advice), "{error}");
        }
        let (half, _file) = source(b"\xff\xfea\0\x3d\xd8b\0", None).unwrap();
        let error = format!("{:#}", read(&half, 0).unwrap_err());
        assert!(
            error.ends_with("the file is not valid UTF-16LE after 4 bytes"),
            "{error}"
        );
    }
}
