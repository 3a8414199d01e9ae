//! A bare socket, for what no HTTP client would send.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Wire(TcpStream);

impl Wire {
    pub fn open(address: SocketAddr) -> Wire {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Wire(socket)
    }

    /// Sends bytes. `false` when the server takes no more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).is_ok()
    }

    /// Says that nothing more will be sent.
    pub fn end(&mut self) {
        self.0.shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// All that the server sends until it closes the connection. Fails when it does neither for a minute.
    #[track_caller]
    pub fn rest(mut self) -> String {
        let mut all = Vec::new();
        let mut piece = [0; 4096];
        loop {
            match self.0.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => all.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&all)),
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// Reads up to and with some text.
    #[track_caller]
    pub fn read_to(&mut self, end: &str) -> String {
        let mut all = String::new();
        while !all.contains(end) {
            let mut piece = [0; 4096];
            let read = self.0.read(&mut piece).unwrap();
            assert!(read > 0, "the connection ended after {all:?}");
            all.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
        all
    }
}

/// The statuses of the answers in a piece of a connection.
pub fn statuses(text: &str) -> Vec<u16> {
    let answers = text.split("HTTP/1.").skip(1);
    answers
        .map(|answer| answer.split(' ').nth(1).unwrap().parse().unwrap())
        .collect()
}
