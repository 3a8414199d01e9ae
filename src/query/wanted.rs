//! Whether an answer is still wanted. Computations look at it wherever they read the next piece, so that a question whose asker
//! has left, or waited for too long, stops costing.

use std::sync::{Arc, Weak};
use std::time::Instant;

use super::request::QueryError;

/// Kept by whoever waits for an answer: nobody does once it is dropped.
#[derive(Debug)]
pub struct Waiting {
    _alive: Arc<()>,
}

/// What a computation knows of whoever waits for it.
#[derive(Clone, Debug)]
pub struct Wanted {
    waiting: Weak<()>,
    until: Instant,
}

impl Wanted {
    /// Until a time, or until the other half is dropped.
    pub fn until(until: Instant) -> (Wanted, Waiting) {
        let alive = Arc::new(());
        let wanted = Wanted {
            waiting: Arc::downgrade(&alive),
            until,
        };
        (wanted, Waiting { _alive: alive })
    }

    pub fn check(&self) -> Result<(), QueryError> {
        if self.waiting.strong_count() == 0 {
            Err(QueryError::Abandoned)
        } else if Instant::now() >= self.until {
            Err(QueryError::TookTooLong)
        } else {
            Ok(())
        }
    }
}
