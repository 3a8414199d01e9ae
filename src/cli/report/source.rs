//! Where a report's answers come from: a server, or the application itself, run in this process on its database. Either way they are
//! the API's own.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::header;

use crate::config::{Config, Database};
use crate::server;
use crate::store::projects;

/// How long a server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long it is asked again, and how often, while it is told to come back.
const PERSISTENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_secs(1);

/// A status and a body.
type Answer = (u16, Vec<u8>);
/// Asks for a path.
type Ask = dyn Fn(&str) -> anyhow::Result<Answer>;
/// A parameter and its value.
pub type Param = (&'static str, String);

/// Answers reads of the API.
pub struct Source {
    ask: Box<Ask>,
    /// The private database runs for as long as it is asked.
    _database: Option<Database>,
}

impl Source {
    /// A running server, asked with a key that may read.
    pub fn server(url: &str, key: &str) -> anyhow::Result<Source> {
        if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
            bail!("the server's URL must begin with http:// or https://");
        }
        let origin = url.trim_end_matches('/').to_owned();
        let bearer = format!("Bearer {key}");
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let ask = move |path: &str| {
            let request = agent
                .get(format!("{origin}{path}"))
                .header(header::AUTHORIZATION, &bearer);
            let mut answer = request.call().with_context(|| format!("{origin} does not answer"))?;
            let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec()?;
            Ok((answer.status().as_u16(), body))
        };
        Ok(Source {
            ask: Box::new(ask),
            _database: None,
        })
    }

    /// The application on this installation's database, beside a running server or without one. Whoever can reach the database may
    /// read it, so that no key is asked for.
    pub fn here(config: &Config, project: &str) -> anyhow::Result<Source> {
        let database = config.existing_database()?;
        let found = projects::find_by_name(&mut database.db.dedicated()?, project)?;
        let project = found.with_context(|| format!("there is no project `{project}`"))?.id;
        let ask = server::reader(&database.db, config.segments(), &config.limits(), project)?;
        Ok(Source {
            ask: Box::new(ask),
            _database: Some(database),
        })
    }

    /// The answer of `/api/v1` and the rest of a path, with parameters.
    pub fn get(&self, path: &str, params: &[Param]) -> anyhow::Result<Value> {
        json(200, &self.bytes(path, params)?)
    }

    /// The same as it is, whatever it is.
    pub fn bytes(&self, path: &str, params: &[Param]) -> anyhow::Result<Vec<u8>> {
        let (path, started) = (address(path, params), Instant::now());
        let (status, body) = loop {
            let answer = (self.ask)(&path)?;
            if ![429, 503].contains(&answer.0) || started.elapsed() > PERSISTENCE {
                break answer;
            }
            sleep(AGAIN);
        };
        if status != 200 {
            let answer = json(status, &body)?;
            bail!(
                "{}",
                answer
                    .get("detail")
                    .and_then(Value::as_str)
                    .unwrap_or("the server refuses to answer")
            );
        }
        Ok(body)
    }
}

fn json(status: u16, body: &[u8]) -> anyhow::Result<Value> {
    serde_json::from_slice(body).with_context(|| format!("what answers with status {status} is no Calibrant server"))
}

/// What a report reads of an answer.
pub fn read<T: DeserializeOwned>(answer: &Value) -> anyhow::Result<T> {
    T::deserialize(answer).context("the server's answer is not of this program's version")
}

pub fn address(path: &str, params: &[Param]) -> String {
    let params: Vec<String> = params
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let mark = if params.is_empty() { "" } else { "?" };
    format!("/api/v1{path}{mark}{}", params.join("&"))
}

/// The path of a question about a feature.
pub fn about(feature: &str, question: &str) -> String {
    format!("/features/{}/{question}", encoded(feature))
}

/// As part of an address.
pub fn encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::{about, address};

    #[test]
    fn names_are_escaped_in_addresses() {
        let path = about("a/b c.ü", "trust");
        assert_eq!(
            address(&path, &[("filters", "[]".to_owned())]),
            "/api/v1/features/a%2Fb%20c.%C3%BC/trust?filters=%5B%5D"
        );
        assert_eq!(address("/status", &[]), "/api/v1/status");
    }
}
