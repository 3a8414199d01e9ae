//! Pages of a list, and where the next one starts.

use super::error::ApiError;

/// Cuts what was found to a page. One thing more was looked for than is on it: if there is one, the cursor of the page's last leads on.
pub fn cut<T>(found: &mut Vec<T>, limit: i64, cursor: impl FnOnce(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let has_more = found.len() > limit;
    found.truncate(limit);
    found.last().filter(|_| has_more).map(cursor)
}

pub fn wrong_cursor() -> ApiError {
    ApiError::parameter("cursor", "must be taken from `next_cursor` of the answer before")
}
