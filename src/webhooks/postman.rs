//! Delivering while a server runs: one thread looks for what is due, and each delivery has a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use ureq::Agent;
use ureq::unversioned::transport::DefaultConnector;

use super::Outgoing;
use super::message::message_id;
use super::signature::sign;
use super::target::{Checked, check};
use crate::fold::signal::Signal;
use crate::store::webhooks::outbox::{self, Claimed, Outcome};
use crate::store::{Db, StoreError};

/// Deliveries at once. A receiver that does not answer holds one of them up.
const AT_ONCE: usize = 4;
/// How long to wait before looking unasked: retries become due, and other servers write too.
const UNASKED: Duration = Duration::from_secs(1);
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// How long an attempt may be under way before it counts as lost, beyond what it may take.
const GRACE: Duration = Duration::from_secs(50);
/// What is added to a wait by chance, at most: those who failed together do not come back together.
const JITTER: f64 = 0.2;
/// The receiver says that it wants no more.
const GONE: u16 = 410;

/// Starts delivering until `stopped`. `asked` wakes it.
pub fn start(db: &Db, outgoing: &Outgoing, asked: &Signal, stopped: &Signal) {
    let postman = Postman {
        db: db.clone(),
        agent: agent(outgoing),
        outgoing: outgoing.clone(),
    };
    let (asked, stopped) = (asked.clone(), stopped.clone());
    thread::spawn(move || {
        let (mut heard, under_way) = (0, Arc::new(AtomicUsize::new(0)));
        while !stopped.is_stopped() {
            if under_way.load(Ordering::Relaxed) == AT_ONCE {
                asked.wait(&mut heard, UNASKED);
                continue;
            }
            match postman.claim() {
                Ok(Some(claimed)) => {
                    under_way.fetch_add(1, Ordering::Relaxed);
                    let (postman, asked, under_way) = (postman.clone(), asked.clone(), Arc::clone(&under_way));
                    thread::spawn(move || {
                        postman.deliver(&claimed);
                        under_way.fetch_sub(1, Ordering::Relaxed);
                        asked.ring();
                    });
                }
                Ok(None) => asked.wait(&mut heard, UNASKED),
                Err(error) => {
                    tracing::error!(%error, "deliveries wait for the database");
                    stopped.rest(AFTER_FAILURE);
                }
            }
        }
    });
}

#[derive(Clone)]
struct Postman {
    db: Db,
    agent: Agent,
    outgoing: Outgoing,
}

impl Postman {
    /// A delivery that is due. Nothing is held in the database while it is under way.
    fn claim(&self) -> Result<Option<Claimed>, StoreError> {
        let lease = (self.outgoing.patience + GRACE).as_secs_f64();
        self.db
            .with(|conn| outbox::claim(conn, lease).map_err(StoreError::from))
    }

    /// Makes one attempt, and notes what it came to. What cannot be noted counts as lost when its lease has ended.
    fn deliver(&self, claimed: &Claimed) {
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| attempt(&self.agent, claimed, &self.outgoing))) else {
            tracing::error!(delivery = %claimed.id, "a delivery ended in a panic");
            return;
        };
        if outcome.failure.is_some() && outcome.again.is_none() {
            tracing::warn!(delivery = %claimed.id, project = claimed.project_id, "a delivery is dead");
        }
        let noted = self
            .db
            .with(|conn| outbox::finish(conn, claimed, &outcome).map_err(StoreError::from));
        if let Err(error) = noted {
            tracing::error!(delivery = %claimed.id, %error, "what a delivery came to cannot be noted");
        }
    }
}

/// Sends to what was checked and nowhere else: no redirects, no proxy of the environment, a fresh connection each time.
fn agent(outgoing: &Outgoing) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .max_idle_connections(0)
        .timeout_global(Some(outgoing.patience))
        .user_agent(concat!("Calibrant/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(
        config,
        DefaultConnector::default(),
        Checked::new(outgoing.allow_private),
    )
}

/// What an attempt comes to, and when the next one is due if it failed.
fn attempt(agent: &Agent, claimed: &Claimed, outgoing: &Outgoing) -> Outcome {
    let attempt = usize::try_from(claimed.attempts).unwrap_or(usize::MAX);
    // More than there may be: the last one was lost with its server.
    let (status, failure) = if attempt > outgoing.waits.len() + 1 {
        (None, Some("the last attempt was lost with its server".to_owned()))
    } else {
        attempted(agent, claimed, outgoing)
    };
    let wait = outgoing
        .waits
        .get(attempt.saturating_sub(1))
        .filter(|_| status != Some(GONE));
    Outcome {
        again: wait.filter(|_| failure.is_some()).map(|wait| jittered(*wait)),
        status,
        failure,
    }
}

fn jittered(wait: Duration) -> TimeDelta {
    let wait = wait.mul_f64(1.0 + JITTER * rand::random::<f64>());
    TimeDelta::from_std(wait).unwrap_or_default()
}

/// Sends once. Gives the status of the answer, and why it failed if it did; neither holds the URL.
fn attempted(agent: &Agent, claimed: &Claimed, outgoing: &Outgoing) -> (Option<u16>, Option<String>) {
    // An earlier version took URLs that this one does not.
    if let Err(wrong) = check(&claimed.url) {
        return (None, Some(format!("the URL {wrong}")));
    }
    let (id, timestamp) = (message_id(claimed.id), Utc::now().timestamp());
    let signature = sign(&claimed.secret, &id, timestamp, &claimed.body).unwrap_or_default();
    let answer = agent
        .post(&claimed.url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", &signature)
        .send(&claimed.body);
    match answer {
        // The rest of the answer is not read: its connection ends here.
        Ok(answer) => {
            let status = answer.status().as_u16();
            let failure = match status {
                200..300 => None,
                300..400 => Some(format!("answered {status}, and redirects are not followed")),
                GONE => Some(format!("answered {status}: it wants no more")),
                _ => Some(format!("answered {status}")),
            };
            (Some(status), failure)
        }
        Err(error) => (None, Some(told(&error, outgoing.patience))),
    }
}

fn told(error: &ureq::Error, patience: Duration) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("no answer within {} s", patience.as_secs_f64()),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::HostNotFound => "the host is not known".to_owned(),
        ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => "the certificate or the encryption is not accepted".to_owned(),
        ureq::Error::Protocol(_) => "the answer is not HTTP".to_owned(),
        _ => "it cannot be sent".to_owned(),
    }
}
