//! Sending what happened to where somebody wants it: signed, tried again, and never to an address inside.
//!
//! What is sent was put into an outbox (`store/webhooks.rs`) in the transaction that it tells of, so that a crash neither loses nor
//! doubles it. An attempt is claimed and paid for before it is made: a server that dies meanwhile costs one attempt, and the receiver
//! tells a repeated one by its `webhook-id`.

mod message;
mod postman;
mod signature;
mod target;

use std::time::Duration;

pub use self::message::{CLEARED, DIGEST, FIRED, escaped, message, message_id, section, standard, test_message};
pub use self::postman::start;
pub use self::signature::{SECRET_BYTES, SECRET_PREFIX, secret, shown, sign};
pub use self::target::{URL_CHARS, check, reachable};

/// How long to wait after each failed attempt, before up to a fifth as much is added by chance. One more attempt than there are waits.
pub const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(6 * 3_600),
    Duration::from_secs(12 * 3_600),
];
/// How long an attempt may take, from the look-up of the name to the head of the answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How a server sends.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Whether addresses inside may be sent to.
    pub allow_private: bool,
    pub waits: Vec<Duration>,
    pub patience: Duration,
    /// Where people reach the server, without a slash at its end: messages lead there.
    pub public_url: Option<String>,
}

impl Default for Outgoing {
    fn default() -> Outgoing {
        Outgoing {
            allow_private: false,
            waits: WAITS.to_vec(),
            patience: PATIENCE,
            public_url: None,
        }
    }
}
