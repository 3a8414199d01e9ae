//! Fixed-width keys for the names that clients choose.
//!
//! Clients name events, outputs and users with strings of any form. Tables and frames hold a 128-bit or 64-bit digest
//! instead, so that keys have one width and no index grows with the length of a name. The project is part of the digest.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A tenant's number.
pub type ProjectId = i32;

/// How many groups the users of a project are hashed to, for the random-group variance estimator.
pub const USER_GROUPS: u64 = 64;

/// The key of an output, from the `output_id` that the client gave it.
pub fn output_key(project: ProjectId, output_id: &str) -> Uuid {
    digest_128(b"output", project, output_id)
}

/// The key of an event, from its `id`.
pub fn event_key(project: ProjectId, event_id: &str) -> Uuid {
    digest_128(b"event", project, event_id)
}

/// The key of a combination of dimension values, written as one text.
pub fn cell_key(project: ProjectId, values: &str) -> Uuid {
    digest_128(b"cell", project, values)
}

/// The key of a user. 64 bits: among ten million users two share a key with probability 3e-6.
pub fn user_key(project: ProjectId, user_id: &str) -> i64 {
    fold_64(digest_128(b"user", project, user_id))
}

/// What is left of an erased user's name: a digest with the project's secret.
pub fn tombstone(salt: Uuid, user_id: &str) -> Uuid {
    let mut hasher = Sha256::new();
    hasher.update(b"erased");
    hasher.update(salt.as_bytes());
    hasher.update(user_id.as_bytes());
    Uuid::from_bytes(first(&hasher.finalize()))
}

/// The cluster of an output: its user, or the output itself when no user is known, since then nothing ties it to another.
pub fn cluster_key(user: Option<i64>, output: Uuid) -> i64 {
    user.unwrap_or_else(|| fold_64(output))
}

/// A number in [0, 1) for a cluster, another one for each seed.
pub fn share(seed: u64, cluster: i64) -> f64 {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_be_bytes());
    hasher.update(cluster.to_be_bytes());
    // As many bits as a number has.
    let bits = u64::from_be_bytes(first(&hasher.finalize())) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// The random group of a cluster, in `0..USER_GROUPS`.
pub fn user_group(cluster: i64) -> i16 {
    (cluster.cast_unsigned() % USER_GROUPS) as i16
}

/// 64 bits of an event's content: equal content has equal fingerprints.
pub fn fingerprint(content: &[u8]) -> i64 {
    let digest = Sha256::digest(content);
    i64::from_be_bytes(first(&digest))
}

fn digest_128(space: &[u8], project: ProjectId, name: &str) -> Uuid {
    let mut hasher = Sha256::new();
    hasher.update(space);
    hasher.update(project.to_be_bytes());
    hasher.update(name.as_bytes());
    Uuid::from_bytes(first(&hasher.finalize()))
}

fn fold_64(key: Uuid) -> i64 {
    i64::from_be_bytes(first(key.as_bytes()))
}

/// The first `N` bytes of a digest that is known to be longer.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    out
}
