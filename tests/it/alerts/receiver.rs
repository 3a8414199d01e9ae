//! A real HTTP listener that answers as it is told to, and keeps what it was sent.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What it does with a request.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    Answer(u16),
    /// Says nothing for so long.
    Hang(Duration),
    /// Closes the connection.
    Close,
    /// Sends an answer that never ends.
    Flood,
}

#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Checks the signature as a receiver would.
    #[track_caller]
    pub fn verify(&self, secret: &str) {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let signed = format!(
            "{}.{}.{}",
            self.headers["webhook-id"], self.headers["webhook-timestamp"], self.body
        );
        mac.update(signed.as_bytes());
        let wanted = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
        assert_eq!(self.headers["webhook-signature"], wanted);
        let timestamp: i64 = self.headers["webhook-timestamp"].parse().unwrap();
        assert!((chrono::Utc::now().timestamp() - timestamp).abs() < 60);
    }
}

pub struct Receiver {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    script: Arc<Mutex<Vec<Does>>>,
}

impl Receiver {
    /// Does one thing after the other, and the last again and again.
    pub fn start(script: &[Does]) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Receiver {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            script: Arc::new(Mutex::new(script.to_vec())),
        };
        let (received, script) = (Arc::clone(&receiver.received), Arc::clone(&receiver.script));
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (received, script) = (Arc::clone(&received), Arc::clone(&script));
                thread::spawn(move || serve(socket, &received, &script));
            }
        });
        receiver
    }

    /// From now on it does this.
    pub fn now(&self, script: &[Does]) {
        *self.script.lock().unwrap() = script.to_vec();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(socket: TcpStream, received: &Mutex<Vec<Received>>, script: &Mutex<Vec<Does>>) {
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers["content-length"].parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let does = {
        let mut script = script.lock().unwrap();
        if script.len() > 1 { script.remove(0) } else { script[0] }
    };
    received.lock().unwrap().push(Received {
        path,
        headers,
        body: String::from_utf8(body).unwrap(),
    });
    let mut socket = socket;
    match does {
        Does::Answer(status) => {
            let elsewhere = if (300..400).contains(&status) {
                "location: /elsewhere\r\n"
            } else {
                ""
            };
            let answer = format!("HTTP/1.1 {status} Said\r\n{elsewhere}content-length: 2\r\n\r\nok");
            let _ = socket.write_all(answer.as_bytes());
        }
        Does::Hang(time) => thread::sleep(time),
        Does::Close => {}
        Does::Flood => {
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            while socket.write_all(b"5\r\nxxxxx\r\n").is_ok() {}
        }
    }
}
