//! A digest as webhooks are told it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{document, gather, slack};
use crate::api::error::ApiError;
use crate::domain::key::ProjectId;
use crate::state::AppState;
use crate::store::webhooks::outbox::Message;
use crate::webhooks::{DIGEST, standard};

/// The page of the dashboard that leads to the digest.
const PAGE: &str = "/alerts";

/// The digest of the last whole week before an instant, computed under the limits of questions, with the name of the week.
pub async fn of_last_week(
    state: &AppState,
    project: ProjectId,
    zone: Tz,
    at: DateTime<Utc>,
) -> Result<(String, Message), ApiError> {
    let digest = gather::digest(state, project, gather::week(None, zone, at)?).await?;
    let data = serde_json::to_value(&digest).map_err(ApiError::internal)?;
    let link = state.outgoing.public_url.as_ref().map(|url| format!("{url}{PAGE}"));
    let message = Message {
        kind: DIGEST,
        standard: standard(DIGEST, Utc::now(), &data),
        slack: slack::write(&document::of(&digest), link.as_deref()),
    };
    Ok((digest.week, message))
}
