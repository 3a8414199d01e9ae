//! The least HTTP/1.1 client that keeps a connection alive: the requests are made beforehand, the answers are hardly read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// The bytes of a request.
pub fn request(method: &str, path: &str, key: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
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
        let mut piece = [0; 65_536];
        loop {
            let read = self.stream.read(&mut piece).expect("the server answers");
            assert!(read > 0, "the server closed the connection");
            self.buffer.extend_from_slice(&piece[..read]);
            let Some(head) = self
                .buffer
                .windows(4)
                .take(2_048)
                .position(|bytes| bytes == b"\r\n\r\n")
            else {
                continue;
            };
            let length = content_length(&self.buffer[..head]);
            if self.buffer.len() >= head + 4 + length {
                assert!(
                    self.buffer.starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(&self.buffer[..self.buffer.len().min(2_000)])
                );
                return &self.buffer[head + 4..];
            }
        }
    }

    /// As [`Connection::send`], with the time it took.
    pub fn timed(&mut self, request: &[u8]) -> Duration {
        let started = Instant::now();
        self.send(request);
        started.elapsed()
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .expect("answers have a length")
}
