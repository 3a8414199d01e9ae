//! Many clients at once in two threads, as pgbench has them: a thread for each would cost the shared cores more than the server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::figures::milliseconds;
use super::http;

const THREADS: usize = 2;

/// Sends each request once, each client the next after its answer, until the time is over, and gives the milliseconds of each.
pub fn send(
    address: SocketAddr,
    requests: &[Vec<u8>],
    next: &AtomicUsize,
    clients: usize,
    limit: Duration,
) -> Vec<f64> {
    let started = Instant::now();
    let client = || async move {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket has this option");
        let (mut answer, mut times) = (Vec::new(), Vec::new());
        while started.elapsed() < limit
            && let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let sent = Instant::now();
            exchange(&stream, request, &mut answer).await;
            times.push(milliseconds(sent.elapsed()));
        }
        times
    };
    let some = |clients: usize| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        runtime
            .expect("the system has room for it")
            .block_on(futures_util::future::join_all((0..clients).map(|_| client())))
            .concat()
    };
    thread::scope(|scope| {
        let threads = THREADS.min(clients);
        let threads: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || some((clients + thread) / threads)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no client fails"))
            .collect()
    })
}

/// Sends a request and reads the whole answer, which must have status 200.
async fn exchange(stream: &TcpStream, request: &[u8], answer: &mut Vec<u8>) {
    let mut rest = request;
    while !rest.is_empty() {
        match stream.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                stream.writable().await.expect("it is open");
            }
            Err(error) => panic!("the server reads: {error}"),
        }
    }
    answer.clear();
    while http::body(answer).is_none() {
        stream.readable().await.expect("it is open");
        match stream.try_read_buf(answer) {
            Ok(0) => panic!("the server closed the connection"),
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => panic!("the server answers: {error}"),
            _ => {}
        }
    }
}
