//! Bodies with `Content-Encoding: gzip`.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use shared::platform::error::Error;

/// Decompresses up to `limit` bytes; whatever would follow is never produced.
pub(super) fn decompress(compressed: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    let one_too_many = limit as u64 + 1;
    let mut bytes = Vec::new();
    MultiGzDecoder::new(compressed)
        .take(one_too_many)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::invalid_request(format!("The body is not valid gzip: {error}")))?;
    if bytes.len() > limit {
        return Err(Error::TooLarge {
            message: format!("The decompressed body may have at most {limit} bytes"),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_compressed_comes_back_also_in_pieces() {
        let compressed = [gzip(b"[1,"), gzip(b"2]")].concat();
        assert_eq!(decompress(&compressed, 5).unwrap(), b"[1,2]");
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let compressed = gzip(&vec![b'"'; 1_000_000]);
        assert!(compressed.len() < 10_000);
        let error = decompress(&compressed, 1_000).unwrap_err();
        assert_eq!(
            error.public().message,
            "The decompressed body may have at most 1000 bytes"
        );
    }

    #[test]
    fn damaged_and_foreign_bytes_are_refused() {
        let mut cut = gzip(b"[1,2,3]");
        cut.truncate(12);
        for bytes in [&b"[1,2,3]"[..], &cut, &[]] {
            let error = decompress(bytes, 100).unwrap_err();
            assert_eq!(error.public().code, "invalid_request");
        }
    }
}
