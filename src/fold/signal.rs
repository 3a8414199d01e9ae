//! A bell: the log's writers ring it, the fold waits for it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Clone, Default)]
pub struct Signal {
    inner: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    raised: bool,
    stopped: bool,
}

impl Signal {
    pub fn raise(&self) {
        let (state, bell) = &*self.inner;
        state.lock().unwrap_or_else(PoisonError::into_inner).raised = true;
        bell.notify_all();
    }

    /// Tells the waiting side to end.
    pub fn stop(&self) {
        let (state, bell) = &*self.inner;
        state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        bell.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Waits until the time is over or it is stopped, whether it is raised or not.
    pub fn rest(&self, time: Duration) {
        let (state, bell) = &*self.inner;
        let guard = state.lock().unwrap_or_else(PoisonError::into_inner);
        // The guard that comes back is of no use: resting changes nothing.
        drop(bell.wait_timeout_while(guard, time, |state| !state.stopped));
    }

    /// Waits until it is raised or stopped, or the time is over; lowers it.
    pub fn wait(&self, limit: Duration) {
        let (state, bell) = &*self.inner;
        let guard = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut guard, _) = bell
            .wait_timeout_while(guard, limit, |state| !state.raised && !state.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        guard.raised = false;
    }
}
