//! A bell: the log's writers ring it, those who fold wait for it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Clone, Default)]
pub struct Signal {
    inner: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    /// How often it was rung.
    rung: u64,
    stopped: bool,
}

impl Signal {
    pub fn ring(&self) {
        let (state, bell) = &*self.inner;
        state.lock().unwrap_or_else(PoisonError::into_inner).rung += 1;
        bell.notify_all();
    }

    /// Tells whoever waits to end.
    pub fn stop(&self) {
        let (state, bell) = &*self.inner;
        state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        bell.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Waits until the time is over or it is stopped, whether it rings or not.
    pub fn rest(&self, time: Duration) {
        let (state, bell) = &*self.inner;
        let guard = state.lock().unwrap_or_else(PoisonError::into_inner);
        // The guard that comes back is of no use: resting changes nothing.
        drop(bell.wait_timeout_while(guard, time, |state| !state.stopped));
    }

    /// Waits until it has rung since the caller `heard` it last, or is stopped, or the time is over.
    pub fn wait(&self, heard: &mut u64, limit: Duration) {
        let (state, bell) = &*self.inner;
        let guard = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (guard, _) = bell
            .wait_timeout_while(guard, limit, |state| state.rung == *heard && !state.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        *heard = guard.rung;
    }
}
