//! Rate limits: for each key a bucket of requests and a bucket of events, for each peer a bucket of unknown keys.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// A bucket holds what flows into it in this time.
pub const BURST: Duration = Duration::from_secs(10);
/// Buckets of one kind that are remembered at once. Full ones need not be.
const REMEMBERED: usize = 10_000;
/// Unknown keys that one peer may have looked up per second.
pub const UNKNOWN_KEYS: u32 = 20;

/// What one key may send per second; 0 stands for any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub requests: u32,
    pub events: u32,
}

impl Rates {
    /// What holds where no setting says otherwise.
    pub const DEFAULT: Rates = Rates {
        requests: 5_000,
        events: 50_000,
    };
    pub const UNLIMITED: Rates = Rates { requests: 0, events: 0 };
}

/// All buckets of a server.
pub struct Limiter {
    pub rates: Rates,
    requests: Buckets<Uuid>,
    events: Buckets<Uuid>,
    strangers: Buckets<IpAddr>,
}

impl Limiter {
    pub fn new(rates: Rates) -> Limiter {
        Limiter {
            rates,
            requests: Buckets::new(rates.requests),
            events: Buckets::new(rates.events),
            strangers: Buckets::new(UNKNOWN_KEYS),
        }
    }

    /// Takes a request of a key, or says how long the key must wait.
    pub fn request(&self, key: Uuid) -> Result<(), Duration> {
        let now = Instant::now();
        let wait = self.requests.wait(&key, now).max(self.events.wait(&key, now));
        if wait > Duration::ZERO {
            return Err(wait);
        }
        self.requests.take(key, 1, now);
        Ok(())
    }

    /// Takes events of a request that was admitted. They may be more than the bucket holds; the debt, which is given, is paid
    /// by waiting.
    pub fn events(&self, key: Uuid, events: usize) -> Duration {
        let now = Instant::now();
        self.events.take(key, u32::try_from(events).unwrap_or(u32::MAX), now);
        self.events.wait(&key, now)
    }

    /// How long a peer that sent too many unknown keys must wait.
    pub fn stranger(&self, peer: IpAddr) -> Duration {
        self.strangers.wait(&network(peer), Instant::now())
    }

    /// Notes that a peer sent an unknown key.
    pub fn unknown_key(&self, peer: IpAddr) {
        self.strangers.take(network(peer), 1, Instant::now());
    }
}

/// One subscriber has 2^64 addresses of IPv6, and counts as one peer.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

/// Token buckets. Of each, only the instant is kept at which it will be full again.
struct Buckets<K> {
    /// The time in which one token flows in; `None` when nothing is limited.
    tick: Option<Duration>,
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(per_second: u32) -> Buckets<K> {
        Buckets {
            tick: Duration::from_secs(1).checked_div(per_second),
            full_at: Mutex::default(),
        }
    }

    /// How long until the bucket holds something.
    fn wait(&self, key: &K, now: Instant) -> Duration {
        let known = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).map_or(Duration::ZERO, |full_at| {
            full_at.saturating_duration_since(now).saturating_sub(BURST)
        })
    }

    /// Takes tokens. A debt grows to one more bucket at most, so that no one waits longer than that takes to fill.
    fn take(&self, key: K, tokens: u32, now: Instant) {
        let Some(tick) = self.tick else { return };
        let mut known = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(&key) {
            known.retain(|_, full_at| *full_at > now);
            if known.len() >= REMEMBERED {
                known.clear();
            }
        }
        let full_at = known.entry(key).or_insert(now);
        let added = tick.saturating_mul(tokens).min(2 * BURST);
        *full_at = ((*full_at).max(now) + added).min(now + 2 * BURST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Uuid = Uuid::from_u128(7);

    #[test]
    fn a_bucket_empties_and_fills() {
        let buckets = Buckets::new(100);
        let start = Instant::now();
        buckets.take(KEY, 1_000, start);
        assert_eq!(buckets.wait(&KEY, start), Duration::ZERO, "a bucket holds ten seconds");
        buckets.take(KEY, 50, start);
        assert_eq!(buckets.wait(&KEY, start), Duration::from_millis(500));
        let later = start + Duration::from_millis(500);
        assert_eq!(buckets.wait(&KEY, later), Duration::ZERO);
        buckets.take(KEY, u32::MAX, later);
        assert_eq!(buckets.wait(&KEY, later), BURST, "a debt has an end");
        assert_eq!(buckets.wait(&Uuid::nil(), later), Duration::ZERO);
    }

    #[test]
    fn zero_is_no_limit() {
        let limiter = Limiter::new(Rates::UNLIMITED);
        assert_eq!(limiter.events(KEY, usize::MAX), Duration::ZERO);
        assert_eq!(limiter.request(KEY), Ok(()));
    }

    #[test]
    fn requests_wait_for_events_too() {
        let limiter = Limiter::new(Rates {
            requests: 1_000,
            events: 1,
        });
        assert_eq!(limiter.request(KEY), Ok(()));
        assert!(limiter.events(KEY, 15) > Duration::from_secs(4));
        assert!(limiter.request(KEY).is_err());
    }

    #[test]
    fn buckets_are_bounded() {
        let buckets = Buckets::new(1);
        let now = Instant::now();
        (0..3 * REMEMBERED).for_each(|key| buckets.take(key, 1, now));
        assert!(buckets.full_at.lock().unwrap().len() <= REMEMBERED);
    }

    #[test]
    fn a_subscriber_is_one_peer() {
        let peer = |text: &str| network(text.parse().unwrap());
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:2"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_eq!(peer("::ffff:10.0.0.1"), peer("10.0.0.1"));
    }
}
