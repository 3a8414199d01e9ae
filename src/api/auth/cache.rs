//! Keys that were looked up a moment ago.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::Utc;
use subtle::ConstantTimeEq;

use super::Credential;
use crate::api::error::ApiError;
use crate::api::rate::Limiter;
use crate::store::keys::{self, ApiKey};
use crate::store::{Db, StoreError, sessions};

/// For how long a key that was found is believed. A key revoked on another server works there no longer than this.
const BELIEVED: Duration = Duration::from_secs(5);
/// Keys remembered at once, known ones and unknown ones each.
const REMEMBERED: usize = 10_000;

/// What was found, so that not every event asks the database. Those that were not found have a place
/// of their own, so that they cannot crowd out the others.
#[derive(Default)]
pub struct KeyCache {
    known: RwLock<Remembered<Arc<ApiKey>>>,
    unknown: RwLock<Remembered<()>>,
}

/// By the hash of the key: what was found, and when.
type Remembered<T> = HashMap<Vec<u8>, (Instant, T)>;

impl KeyCache {
    /// The live key that was presented. A peer that has presented many unknown ones must wait before another is looked up; one
    /// that was known a while ago is looked up in any case.
    pub async fn find(
        &self,
        db: &Db,
        limiter: &Limiter,
        peer: Option<IpAddr>,
        presented: &Credential,
    ) -> Result<Option<Arc<ApiKey>>, ApiError> {
        let hash = presented.hash();
        let linked = match presented {
            Credential::Link(link) => Some(link.key_id),
            _ => None,
        };
        let is_session = matches!(presented, Credential::Session(_));
        let remembered = recall(&self.known, &hash);
        if let Some((when, key)) = &remembered
            && when.elapsed() < BELIEVED
        {
            return Ok(Some(Arc::clone(key)));
        }
        if recall(&self.unknown, &hash).is_some_and(|(when, ())| when.elapsed() < BELIEVED) {
            return Ok(None);
        }
        if remembered.is_none() {
            check_stranger(limiter, peer)?;
        }
        let wanted = hash.clone();
        let found = db
            .look_up(move |conn| {
                let found = match linked {
                    Some(id) => keys::find_live(conn, id)?.map(|key| (wanted, key)),
                    None if is_session => sessions::find_key(conn, &wanted)?,
                    None => keys::find_by_hash(conn, &wanted)?.map(|key| (key.hash.clone(), key)),
                };
                if let Some((_, key)) = &found {
                    keys::note_use(conn, key, Utc::now().date_naive())?;
                }
                Ok::<_, StoreError>(found)
            })
            .await?;
        // The index compares byte by byte; the answer is compared in constant time before it is believed.
        let found = found.filter(|(stored, _)| stored.ct_eq(&hash).into());
        let found = found.map(|(_, key)| Arc::new(key));
        match &found {
            Some(key) => remember(&self.known, hash, Arc::clone(key)),
            None => {
                remember(&self.unknown, hash, ());
                if let Some(peer) = peer {
                    limiter.unknown_key(peer);
                }
            }
        }
        Ok(found)
    }

    /// Forgets everything, so that a key revoked here is refused at once.
    pub fn clear(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.unknown.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A peer that has presented many unknown keys must wait.
pub fn check_stranger(limiter: &Limiter, peer: Option<IpAddr>) -> Result<(), ApiError> {
    let wait = peer.map_or(Duration::ZERO, |peer| limiter.stranger(peer));
    if wait > Duration::ZERO {
        let rule = "too many unknown API keys came from this address";
        return Err(ApiError::rate_limited(wait, rule));
    }
    Ok(())
}

fn recall<T: Clone>(remembered: &RwLock<Remembered<T>>, hash: &[u8]) -> Option<(Instant, T)> {
    let remembered = remembered.read().unwrap_or_else(PoisonError::into_inner);
    remembered.get(hash).cloned()
}

fn remember<T>(remembered: &RwLock<Remembered<T>>, hash: Vec<u8>, found: T) {
    let mut remembered = remembered.write().unwrap_or_else(PoisonError::into_inner);
    if remembered.len() >= REMEMBERED {
        remembered.clear();
    }
    remembered.insert(hash, (Instant::now(), found));
}
