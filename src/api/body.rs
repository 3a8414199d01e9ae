//! Bodies as they arrive: neither too slowly, nor more at once than the memory is meant for.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::time::{Instant, timeout};

use super::error::{ApiError, ErrorCode};

/// How long the server waits for nothing. What arrives buys the time back.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes that buy a second.
pub const SLOWEST: u32 = 4 * 1024;
/// Bytes of bodies that are held at the same time, of all requests together; more are told to come back.
pub const HELD_BYTES: usize = 256 * 1024 * 1024;

/// A body on its way in. Only the time that the client takes counts, not what is done with the pieces.
pub struct Body {
    payload: Payload,
    patience: Duration,
    /// What is left of the patience.
    left: Duration,
}

impl Body {
    pub fn new(payload: Payload, patience: Duration) -> Body {
        Body {
            payload,
            patience,
            left: patience,
        }
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let since = Instant::now();
        let piece = timeout(
            self.left,
            poll_fn(|context| Pin::new(&mut self.payload).poll_next(context)),
        )
        .await;
        self.left = self.left.saturating_sub(since.elapsed());
        let piece = piece
            .map_err(|_| too_slow())?
            .transpose()
            .map_err(|error| ApiError::new(ErrorCode::InvalidJson, format!("the body broke off: {error}")))?;
        if let Some(bytes) = &piece {
            let bought = Duration::from_secs(bytes.len() as u64) / SLOWEST;
            self.left = (self.left + bought).min(self.patience);
        }
        Ok(piece)
    }
}

fn too_slow() -> ApiError {
    ApiError::new(
        ErrorCode::TooSlow,
        format!(
            "the body came too slowly; send {SLOWEST} bytes per second, and pause no longer than {} seconds",
            PATIENCE.as_secs()
        ),
    )
}

/// What bodies take of the memory, all requests together.
#[derive(Default)]
pub struct Held(AtomicUsize);

/// The part of one request, given back with it.
pub struct Share<'a> {
    held: &'a Held,
    bytes: usize,
}

impl Held {
    pub fn share(&self) -> Share<'_> {
        Share { held: self, bytes: 0 }
    }
}

impl Share<'_> {
    /// Says how many bytes the request holds now. Fails when all requests together would hold too many.
    pub fn set(&mut self, bytes: usize) -> Result<(), ApiError> {
        let before = std::mem::replace(&mut self.bytes, bytes);
        let Some(more) = bytes.checked_sub(before) else {
            self.held.0.fetch_sub(before - bytes, Ordering::Relaxed);
            return Ok(());
        };
        if self.held.0.fetch_add(more, Ordering::Relaxed) + more > HELD_BYTES {
            return Err(ApiError::overloaded());
        }
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.held.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded_and_given_back() {
        let held = Held::default();
        let (mut one, mut other) = (held.share(), held.share());
        assert!(one.set(HELD_BYTES).is_ok());
        assert!(other.set(1).is_err());
        drop(other);
        assert!(one.set(HELD_BYTES - 1).is_ok());
        assert!(held.share().set(1).is_ok());
        drop(one);
        assert_eq!(held.0.into_inner(), 0);
    }
}
