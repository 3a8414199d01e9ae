//! The least HTTP/1.1 client that keeps a connection alive: the requests are made beforehand, the answers are hardly read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
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
        }
    }

    /// Sends a request and gives the body of the answer, which must have status 200.
    pub fn send(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).expect("the server reads");
        self.buffer.clear();
        let head = loop {
            self.read_more();
            if let Some(head) = head_length(&self.buffer) {
                break head;
            }
        };
        let end = head + content_length(&self.buffer[..head]);
        while self.buffer.len() < end {
            self.read_more();
        }
        assert!(
            self.buffer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&self.buffer[..self.buffer.len().min(2_000)])
        );
        &self.buffer[head..end]
    }

    /// As [`Connection::send`], with the time it took.
    pub fn timed(&mut self, request: &[u8]) -> Duration {
        let started = Instant::now();
        self.send(request);
        started.elapsed()
    }

    fn read_more(&mut self) {
        let mut piece = [0; 65_536];
        let read = self.stream.read(&mut piece).expect("the server answers");
        assert!(read > 0, "the server closed the connection");
        self.buffer.extend_from_slice(&piece[..read]);
    }
}

/// Bytes up to the body.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).take(4_096).position(|bytes| bytes == b"\r\n\r\n")?;
    Some(end + 4)
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .expect("answers have a length")
}
