//! Keys as they are made: a text that is shown once, and a row that holds its hash.

use chrono::{SubsecRound, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::key::ProjectId;
use crate::domain::scope::Scope;
use crate::store::keys::ApiKey;

/// Characters of a key that are stored in the clear, to tell keys apart.
const PREFIX_CHARS: usize = 12;

pub fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

/// Makes a key. The text is shown once; the row goes to the database.
pub fn new_key(project: ProjectId, name: &str, scopes: &[Scope]) -> (String, ApiKey) {
    let kind = if scopes == [Scope::Ingest] { "pk" } else { "sk" };
    let secret = [rand::random::<u128>(), rand::random::<u128>()];
    let text = format!("cal_{kind}_{:032x}{:032x}", secret[0], secret[1]);
    let row = key_row(project, name, scopes, &text);
    (text, row)
}

/// The row of a key whose text is given.
pub fn key_row(project: ProjectId, name: &str, scopes: &[Scope], text: &str) -> ApiKey {
    ApiKey {
        id: Uuid::now_v7(),
        project_id: project,
        name: name.to_owned(),
        prefix: text.chars().take(PREFIX_CHARS).collect(),
        hash: hash(text),
        scopes: scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        // As exact as the database keeps it.
        created_at: Utc::now().trunc_subsecs(6),
        revoked_at: None,
        used_on: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_keys_are_recognised_by_their_prefix() {
        assert!(new_key(1, "web", &[Scope::Ingest]).0.starts_with("cal_pk_"));
        let (text, row) = new_key(1, "ops", &Scope::ALL);
        assert!(text.starts_with("cal_sk_") && text.len() == 71);
        assert_eq!(row.hash, hash(&text));
        assert!(!row.prefix.contains(&text[12..]));
    }
}
