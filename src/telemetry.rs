//! Logs, and the service's own metrics.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. `filter` is as in `info`, or `calibrant=debug`.
pub fn start_logging(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| anyhow::anyhow!("`{filter}` is no log filter ({error}); try `info` or `calibrant=debug`"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(has_colours())
        // Where a line cannot be written, for want of room say, a line about that cannot either; trying would end in a panic.
        .log_internal_errors(false)
        .try_init()
        .map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
}

/// Whether standard error is a terminal whose user did not forbid colours (no-color.org).
fn has_colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}

/// How often the log tells of requests that are told to come back.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// Tells the log that requests are told to come back, and why, but not of each: an outage must not fill a disk.
#[derive(Default)]
pub struct Refusals {
    /// When it was told last, and how many there have been since.
    told: Mutex<Option<(Instant, u64)>>,
}

impl Refusals {
    /// Counts a refused request.
    pub fn note(&self, cause: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let untold = match &mut *told {
            Some((when, untold)) if when.elapsed() < TELL_AGAIN => {
                *untold += 1;
                return;
            }
            Some((_, untold)) => *untold,
            None => 0,
        };
        *told = Some((Instant::now(), 0));
        tracing::warn!(
            cause,
            untold,
            "the database does not answer; requests are told to come back"
        );
    }
}

/// What the service says of itself, for Prometheus. Labels come from closed sets.
pub struct ServiceMetrics {
    registry: Registry,
    pub requests: IntCounterVec,
    pub request_seconds: HistogramVec,
    pub events: IntCounterVec,
    pub backlog_events: IntGauge,
    pub fold_age_seconds: IntGauge,
}

impl ServiceMetrics {
    pub fn new() -> anyhow::Result<ServiceMetrics> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new(
                "calibrant_http_requests_total",
                "Requests answered, by route and status class.",
            ),
            &["route", "status"],
        )?;
        let request_seconds = HistogramVec::new(
            HistogramOpts::new("calibrant_http_request_seconds", "Time to answer a request, by route.").buckets(vec![
                0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
            ]),
            &["route"],
        )?;
        let events = IntCounterVec::new(
            Opts::new("calibrant_events_total", "Events received, by what became of them."),
            &["outcome"],
        )?;
        for outcome in ["created", "duplicate", "rejected"] {
            events.with_label_values(&[outcome]).inc_by(0);
        }
        let backlog_events = IntGauge::new(
            "calibrant_backlog_events",
            "Events in the log that are not folded yet, up to 100000.",
        )?;
        let fold_age_seconds = IntGauge::new(
            "calibrant_backlog_age_seconds",
            "Age of the oldest event that is not folded yet.",
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(request_seconds.clone()))?;
        registry.register(Box::new(events.clone()))?;
        registry.register(Box::new(backlog_events.clone()))?;
        registry.register(Box::new(fold_age_seconds.clone()))?;
        Ok(ServiceMetrics {
            registry,
            requests,
            request_seconds,
            events,
            backlog_events,
            fold_age_seconds,
        })
    }

    /// All metrics in Prometheus' text format.
    pub fn encode(&self) -> anyhow::Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
