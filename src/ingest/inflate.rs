//! Compressed bodies, decompressed as they arrive. The format is told by the first bytes, not by a header.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use super::limits;

/// Bytes that tell one format from another.
const MAGIC_BYTES: usize = 4;

/// Why a body cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    #[error("the compressed body is damaged or cut short")]
    Damaged,
    #[error("the body grows too much when it is decompressed")]
    Bomb,
}

/// Takes a body in pieces, gives what it says.
pub struct Inflater {
    decoder: Decoder,
    received: usize,
    produced: usize,
}

enum Decoder {
    /// Too little was received to tell; this is it.
    Unknown(Vec<u8>),
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Bounded>>),
}

/// Refuses to grow past what one piece may become, so that a bomb is met before it fills the memory.
#[derive(Default)]
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > 4 * limits::BODY_BYTES {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Inflater {
            decoder: Decoder::Unknown(Vec::new()),
            received: 0,
            produced: 0,
        }
    }
}

impl Inflater {
    /// Takes the next piece and gives what could be decompressed so far.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, InflateError> {
        self.received += piece.len();
        if let Decoder::Unknown(start) = &mut self.decoder {
            start.extend_from_slice(piece);
            if start.len() < MAGIC_BYTES {
                return Ok(Vec::new());
            }
            let start = std::mem::take(start);
            self.decoder = Decoder::for_start(&start)?;
            return self.decode(&start);
        }
        self.decode(piece)
    }

    fn decode(&mut self, piece: &[u8]) -> Result<Vec<u8>, InflateError> {
        let outcome = match &mut self.decoder {
            Decoder::Unknown(_) => Ok(()),
            Decoder::Plain(sink) => sink.write_all(piece),
            Decoder::Gzip(decoder) => decoder.write_all(piece),
            Decoder::Zstd(decoder) => decoder.write_all(piece),
        };
        outcome.map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => InflateError::Bomb,
            _ => InflateError::Damaged,
        })?;
        self.take()
    }

    /// Gives the rest, and says whether the body was whole.
    pub fn finish(mut self) -> Result<Vec<u8>, InflateError> {
        let outcome = match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.try_finish(),
            Decoder::Zstd(decoder) => decoder.flush(),
            Decoder::Unknown(_) | Decoder::Plain(_) => Ok(()),
        };
        outcome.map_err(|_| InflateError::Damaged)?;
        self.take()
    }

    fn take(&mut self) -> Result<Vec<u8>, InflateError> {
        let sink = match &mut self.decoder {
            // No compressed body is that short.
            Decoder::Unknown(start) => return Ok(std::mem::take(start)),
            Decoder::Plain(sink) => sink,
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zstd(decoder) => decoder.get_mut(),
        };
        let bytes = std::mem::take(&mut sink.0);
        self.produced += bytes.len();
        if self.produced > limits::BODY_BYTES.max(self.received.saturating_mul(limits::INFLATION)) {
            return Err(InflateError::Bomb);
        }
        Ok(bytes)
    }
}

impl Decoder {
    fn for_start(piece: &[u8]) -> Result<Decoder, InflateError> {
        Ok(match piece {
            [0x1f, 0x8b, ..] => Decoder::Gzip(Box::new(MultiGzDecoder::new(Bounded::default()))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                let decoder = zstd::stream::write::Decoder::new(Bounded::default()).and_then(|mut decoder| {
                    decoder.window_log_max(limits::ZSTD_WINDOW_LOG)?;
                    Ok(decoder)
                });
                Decoder::Zstd(Box::new(decoder.map_err(|_| InflateError::Damaged)?))
            }
            _ => Decoder::Plain(Bounded::default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(bytes: &[u8], piece: usize) -> Result<Vec<u8>, InflateError> {
        let mut inflater = Inflater::default();
        let mut out = Vec::new();
        for part in bytes.chunks(piece) {
            out.extend(inflater.push(part)?);
        }
        out.extend(inflater.finish()?);
        Ok(out)
    }

    #[test]
    fn all_forms_come_out_the_same_in_any_pieces() {
        let text = b"{\"type\":\"accept\"}\n".repeat(100);
        let zstd = zstd::encode_all(text.as_slice(), 3).unwrap();
        for body in [text.clone(), gzip(&text), zstd] {
            for piece in [1, 4, 100, 100_000] {
                assert_eq!(inflate(&body, piece).unwrap(), text);
            }
        }
    }

    #[test]
    fn damage_and_bombs_are_refused() {
        let mut cut = gzip(b"hello");
        cut.truncate(12);
        assert_eq!(inflate(&cut, 100), Err(InflateError::Damaged));
        let bomb = gzip(&vec![b' '; 100 * 1024 * 1024]);
        assert_eq!(inflate(&bomb, 16 * 1024), Err(InflateError::Bomb));
        let bomb = zstd::encode_all(vec![b' '; 100 * 1024 * 1024].as_slice(), 3).unwrap();
        assert_eq!(inflate(&bomb, 16 * 1024), Err(InflateError::Bomb));
    }
}
