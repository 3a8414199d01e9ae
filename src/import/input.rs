//! The bytes of a file: gunzipped when they are gzip, whatever the name says, and counted for the progress bar.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
const BUFFER: usize = 1 << 16;

pub(super) type Bytes = Box<dyn BufRead + Send>;

pub(super) struct Input {
    pub bytes: Bytes,
    /// How many bytes of the file, compressed as it is, were read.
    pub read: Arc<AtomicU64>,
    pub total: u64,
}

impl Input {
    pub fn open(path: &Path) -> io::Result<Input> {
        let file = File::open(path)?;
        let total = file.metadata()?.len();
        let read = Arc::new(AtomicU64::new(0));
        let mut raw = BufReader::with_capacity(
            BUFFER,
            Counted {
                inner: file,
                read: Arc::clone(&read),
            },
        );
        let mut bytes: Bytes = if raw.fill_buf()?.starts_with(&GZIP) {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw)))
        } else {
            Box::new(raw)
        };
        // Spreadsheets put one in front of the first column's name.
        if bytes.fill_buf()?.starts_with(&BYTE_ORDER_MARK) {
            bytes.consume(BYTE_ORDER_MARK.len());
        }
        Ok(Input { bytes, read, total })
    }
}

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
