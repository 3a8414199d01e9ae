//! Keeps something running: looks after it once a second, and brings it back when it has died.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(1);

/// A thread that looks after something until it is dropped.
pub struct Watch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// `revive` is called when `is_alive` says no, and again a second later if that did not help.
    pub fn start(
        is_alive: impl Fn() -> bool + Send + 'static,
        revive: impl Fn() -> anyhow::Result<()> + Send + 'static,
    ) -> Watch {
        let (stop, stopped) = channel::<()>();
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                if is_alive() {
                    continue;
                }
                tracing::error!("the private PostgreSQL has died; it is started again");
                match revive() {
                    Ok(()) => tracing::info!("the private PostgreSQL runs again"),
                    Err(error) => tracing::error!(error = format!("{error:#}"), "it did not start"),
                }
            }
        });
        Watch {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the watch over the private PostgreSQL ended in a panic");
        }
    }
}
