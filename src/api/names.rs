//! Names that people give to what they make.

use super::error::ApiError;
use crate::ingest::limits;

/// Characters of the names of keys, projects, experiments, their arms, and eval sets.
pub const SHORT: usize = 100;
/// Characters of the names of alerts, webhooks and changes, which may be a line, and of all that events name as well.
pub const LONG: usize = limits::NAME_CHARS;

/// A name for people: short, not empty or blank, no control characters. `field` is where it stands.
pub fn check(field: &str, name: &str, most: usize) -> Result<(), ApiError> {
    if name.chars().count() > most || name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(ApiError::invalid(format!(
            "`{field}`: must have 1 to {most} printable characters, not only spaces"
        )));
    }
    Ok(())
}

/// A short `name` that stands in addresses.
pub fn check_in_addresses(name: &str) -> Result<(), ApiError> {
    check("name", name, SHORT)?;
    if name.contains(['/', '?', '#', '%']) || [".", ".."].contains(&name) {
        return Err(ApiError::invalid(
            "`name`: stands in addresses, so that it must not hold / ? # or %",
        ));
    }
    Ok(())
}
