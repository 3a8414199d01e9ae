//! The thread that sends weekly digests while a server runs.
//!
//! A digest is computed as a question is: off the threads that answer, in one of the places that questions have, and for no longer. It is
//! put into the outbox while the webhook's time is moved on, on the condition that nobody did so in between: of several servers one sends
//! it, and after a crash before that it is computed again.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tokio::runtime::Builder;

use super::message;
use super::time::DigestTime;
use crate::api::error::ApiError;
use crate::domain::key::ProjectId;
use crate::fold::signal::Signal;
use crate::state::AppState;
use crate::store::webhooks::Webhook;
use crate::store::webhooks::outbox::Message;
use crate::store::{digests as store, events};

/// A digest that would be later than that is not sent: nobody waits for it any more.
pub const LATEST: TimeDelta = TimeDelta::hours(24);
/// How long to wait between two looks at what is due.
const LOOK: Duration = Duration::from_secs(2);
/// How long a project waits whose digest could not be made, so that one which takes too long leaves room for questions.
const AGAIN: Duration = Duration::from_secs(600);

/// Starts sending until the signal is stopped.
pub fn start(state: web::Data<AppState>, signal: Signal) -> std::io::Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    thread::spawn(move || {
        let mut failed = HashMap::new();
        while !signal.is_stopped() {
            if let Err(error) = runtime.block_on(look(&state, &signal, &mut failed)) {
                tracing::debug!(%error, "what digests are due could not be looked up, and is looked up again");
            }
            signal.rest(LOOK);
        }
    });
    Ok(())
}

/// A digest of a project at a time, which several webhooks may get.
type Made = ((ProjectId, Tz, DateTime<Utc>), (String, Message));

/// Sends what is due, but for projects that `failed` lately.
async fn look(state: &AppState, signal: &Signal, failed: &mut HashMap<ProjectId, Instant>) -> Result<(), ApiError> {
    let now = Utc::now();
    let due = state.db.run(move |conn| store::due(conn, now).map_err(ApiError::from));
    let mut made = None;
    failed.retain(|_, at| at.elapsed() < AGAIN);
    for webhook in due.await? {
        let (id, project) = (webhook.id, webhook.project_id);
        if signal.is_stopped() || failed.contains_key(&project) {
            continue;
        }
        if let Err(error) = send(state, webhook, &mut made).await {
            tracing::warn!(webhook = %id, project, %error, "a digest could not be made, and is made again in ten minutes");
            failed.insert(project, Instant::now());
        }
    }
    Ok(())
}

/// Sends a webhook the digest that is due; or moves it on if that is too late.
async fn send(state: &AppState, webhook: Webhook, made: &mut Option<Made>) -> Result<(), ApiError> {
    let (Some(at), Some(time)) = (webhook.digest_at, DigestTime::of(&webhook)?) else {
        return Ok(());
    };
    let (now, zone, project) = (Utc::now(), time.weekly()?.zone, webhook.project_id);
    if now - at > LATEST {
        let next = time.next(webhook.digest_week.as_deref(), now)?;
        tracing::warn!(webhook = %webhook.id, project, "a digest is too late to be sent");
        let moved = state
            .db
            .run(move |conn| store::move_on(conn, &webhook, next).map_err(ApiError::from));
        return moved.await.map(|_| ());
    }
    let behind = state
        .db
        .run(move |conn| events::is_behind(conn, project, now).map_err(ApiError::from));
    if behind.await? {
        return Ok(());
    }
    let key = (project, zone, at);
    let found = match made.take() {
        Some((known, found)) if known == key => found,
        _ => message::of_last_week(state, project, zone, at).await?,
    };
    let (week, told) = made.insert((key, found)).1.clone();
    let next = time.next(Some(&week), Utc::now())?;
    let sent = state
        .db
        .run(move |conn| store::send(conn, &webhook, &week, next, &told).map_err(ApiError::from));
    if sent.await? {
        state.posting.ring();
    }
    Ok(())
}
