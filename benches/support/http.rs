//! The least HTTP/1.1 client that keeps a connection alive: the requests are made beforehand, the answers are hardly read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Bytes that are read at once.
const PIECE: usize = 65_536;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    piece: Box<[u8]>,
}

/// The bytes of a request. `headers` are whole lines.
pub fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let mut bytes = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

impl Connection {
    pub fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket has this option");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a TCP socket has this option");
        Connection {
            stream,
            buffer: Vec::new(),
            piece: vec![0; PIECE].into(),
        }
    }

    /// Sends a request and gives the body of the answer, which must have status 200.
    pub fn send(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).expect("the server reads");
        self.buffer.clear();
        loop {
            self.read_more();
            if let Some(body) = body(&self.buffer) {
                return &self.buffer[body];
            }
        }
    }

    /// As [`Connection::send`], with the time it took.
    pub fn timed(&mut self, request: &[u8]) -> Duration {
        let started = Instant::now();
        self.send(request);
        started.elapsed()
    }

    fn read_more(&mut self) {
        let read = self.stream.read(&mut self.piece).expect("the server answers");
        assert!(read > 0, "the server closed the connection");
        self.buffer.extend_from_slice(&self.piece[..read]);
    }
}

/// Where the body of an answer is, once all of it has been read. It must have status 200.
pub fn body(answer: &[u8]) -> Option<Range<usize>> {
    let head = head_length(answer)?;
    let end = head + content_length(&answer[..head]);
    if answer.len() < end {
        return None;
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer[..answer.len().min(2_000)])
    );
    Some(head..end)
}

/// Bytes up to the body.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).take(4_096).position(|bytes| bytes == b"\r\n\r\n")?;
    Some(end + 4)
}

fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    head.split(|byte| *byte == b'\n')
        .filter_map(|line| line.split_at_checked(NAME.len()))
        .find(|(name, _)| name.eq_ignore_ascii_case(NAME))
        .and_then(|(_, value)| std::str::from_utf8(value).ok()?.trim().parse().ok())
        .expect("answers have a length")
}
