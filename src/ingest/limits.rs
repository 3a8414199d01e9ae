//! Every limit on what is accepted, in one place. The API's documentation states the same numbers.

use chrono::TimeDelta;

/// Events in one JSON batch.
pub const BATCH_EVENTS: usize = 1_000;
/// Bytes of one JSON body, after decompression. NDJSON has no limit as a whole.
pub const BODY_BYTES: usize = 10 * 1024 * 1024;
/// Bytes of one event.
pub const EVENT_BYTES: usize = 1024 * 1024;
/// How many times larger than what was sent a body may become; more is a decompression bomb.
pub const INFLATION: usize = 200;
/// The window that a zstd body may ask for, 8 MiB, as RFC 9659 has it; in bits.
pub const ZSTD_WINDOW_LOG: u32 = 23;

/// Characters of ids and of dimension values.
pub const NAME_CHARS: usize = 256;
/// Characters of `input`, `output` and `final`.
pub const TEXT_CHARS: usize = 100_000;
/// Characters of `comment`.
pub const COMMENT_CHARS: usize = 10_000;
/// Attributes of one event.
pub const ATTRIBUTES: usize = 64;
/// Characters of an attribute's name.
pub const ATTRIBUTE_NAME_CHARS: usize = 64;
/// Aliases of one event.
pub const ALIASES: usize = 16;
/// Milliseconds that making an output may take: a day. More is the wrong unit.
pub const GENERATION_MS: u32 = 24 * 60 * 60 * 1_000;
/// How far from zero a rating scale may reach.
pub const RATING: f64 = 1_000.0;
/// How far from zero a numeric answer may be: whole numbers up to there are exact, and no sum of squares overflows.
pub const ANSWER: f64 = 1e15;
/// Characters of an Idempotency-Key.
pub const IDEMPOTENCY_KEY_CHARS: usize = 255;

/// How far ahead of the server's clock an event may be.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::hours(24);
/// The earliest second that is believed: 2000-01-01T00:00:00Z.
pub const EARLIEST: i64 = 946_684_800;

/// Requests waiting for the log, those of few events and batches apart; more are told to come back.
pub const QUEUED_REQUESTS: usize = 4_096;
/// Bytes waiting for the log; more are told to come back.
pub const QUEUED_BYTES: usize = 128 * 1024 * 1024;
/// Events written by one commit.
pub const COMMIT_EVENTS: usize = 20_000;
