//! Ids that depend only on the mapping and the row, so that importing again changes nothing.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::column::Scope;
use super::error::RowError;
use super::template::Template;

/// Tells rows apart: by the mapping's `row_id`, or by their text and, among rows of the same text, by their order.
#[derive(Default)]
pub(super) struct Identities {
    /// How often each text was seen. 64 bits of the digest do: two texts that share them still differ in the rest.
    seen: HashMap<u64, u64>,
}

/// What the ids of a row's events start from.
pub(super) struct RowIdentity(Sha256);

impl Identities {
    pub fn of(
        &mut self,
        mapping: &str,
        row_id: Option<&Template>,
        scope: &Scope<'_>,
        raw: &str,
    ) -> Result<RowIdentity, RowError> {
        let mut hasher = Sha256::new();
        feed(&mut hasher, mapping.as_bytes());
        match row_id {
            Some(template) => {
                let id = template.render(scope).map_err(|error| error.at("row_id"))?;
                let id =
                    id.ok_or_else(|| RowError::new("no_row_id", "a column of `row_id` has no value in this row"))?;
                feed(&mut hasher, b"id");
                feed(&mut hasher, id.as_bytes());
            }
            None => {
                let digest = Sha256::digest(raw.as_bytes());
                let short = digest.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte));
                let occurrence = self.seen.entry(short).or_default();
                *occurrence += 1;
                feed(&mut hasher, b"text");
                feed(&mut hasher, &digest);
                feed(&mut hasher, &occurrence.to_be_bytes());
            }
        }
        Ok(RowIdentity(hasher))
    }
}

impl RowIdentity {
    /// The id of the event that the block at `position` makes of the row's element `index`.
    pub fn event_id(&self, position: usize, index: usize) -> String {
        let mut hasher = self.0.clone();
        feed(&mut hasher, &(position as u64).to_be_bytes());
        feed(&mut hasher, &(index as u64).to_be_bytes());
        let mut bytes = [0; 16];
        bytes
            .iter_mut()
            .zip(hasher.finalize())
            .for_each(|(to, from)| *to = from);
        Uuid::to_string(&Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// Each part with its length, so that no two sequences of parts read the same.
fn feed(hasher: &mut Sha256, part: &[u8]) {
    hasher.update((part.len() as u64).to_be_bytes());
    hasher.update(part);
}
