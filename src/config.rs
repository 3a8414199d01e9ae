//! Settings, from flags, the environment and a TOML file, in this order.
//!
//! - `CALIBRANT_DATABASE_URL`: use this PostgreSQL instead of a private one
//! - `CALIBRANT_DATA_DIR`: where the private PostgreSQL lives, and segments are kept
//! - `CALIBRANT_BIND`: address and port; loopback unless told otherwise; port 0 picks a free one
//! - `CALIBRANT_ADMIN_KEY`: presets the first admin key
//! - `CALIBRANT_LOG`: what to log, such as `info` or `calibrant=debug`
//! - `CALIBRANT_RATE_REQUESTS`, `CALIBRANT_RATE_EVENTS`: what one key may send per second; 0 for any number
//! - `CALIBRANT_WEBHOOKS_ALLOW_PRIVATE`: `true` lets webhooks lead to addresses that are not public
//! - `CALIBRANT_PUBLIC_URL`: where people reach the server, for links in what webhooks are sent
//! - `CALIBRANT_CONFIG`: a TOML file with the same names in lower case without the prefix

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;

use crate::api::rate::Rates;
use crate::query::segments::{MOST_BYTES, Segments};
use crate::state::Limits;
use crate::store::Db;
use crate::store::private::{PrivateDatabase, is_root};

/// Connections for requests. Each is held for one statement or one question at a time.
pub const CONNECTIONS: u32 = 16;
/// What is logged without a setting. The web server would log each broken request of anyone as an error.
const LOG: &str = "info,actix_server=warn,actix_http=off";
/// Characters of a preset admin key.
const ADMIN_KEY_CHARS: usize = 24;

/// The settings that every command takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Settings {
    /// Use this PostgreSQL instead of a private one
    #[arg(
        long,
        global = true,
        env = "CALIBRANT_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,
    /// Where the private PostgreSQL lives [default: ~/.local/share/calibrant, as root /var/lib/calibrant]
    #[arg(long, global = true, env = "CALIBRANT_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address and port; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "CALIBRANT_BIND", value_name = "ADDRESS")]
    pub bind: Option<String>,
    /// Presets the first admin key
    #[arg(
        long,
        global = true,
        env = "CALIBRANT_ADMIN_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub admin_key: Option<String>,
    /// What to log, such as `info` or `calibrant=debug` [default: info]
    #[arg(long, global = true, env = "CALIBRANT_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// Requests that one key may send per second, 0 for any number [default: 5000]
    #[arg(long, global = true, env = "CALIBRANT_RATE_REQUESTS", value_name = "NUMBER")]
    pub rate_requests: Option<u32>,
    /// Events that one key may send per second, 0 for any number [default: 50000]
    #[arg(long, global = true, env = "CALIBRANT_RATE_EVENTS", value_name = "NUMBER")]
    pub rate_events: Option<u32>,
    /// Let webhooks lead to private, link-local and loopback addresses [default: false]
    #[arg(
        long,
        global = true,
        env = "CALIBRANT_WEBHOOKS_ALLOW_PRIVATE",
        value_name = "BOOLEAN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub webhooks_allow_private: Option<bool>,
    /// Where people reach the server, such as https://calibrant.example.com: messages to chats link there
    #[arg(long, global = true, env = "CALIBRANT_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// A TOML file with these settings
    #[arg(long, global = true, env = "CALIBRANT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    bind: Option<String>,
    admin_key: Option<String>,
    log: Option<String>,
    rate_requests: Option<u32>,
    rate_events: Option<u32>,
    webhooks_allow_private: Option<bool>,
    public_url: Option<String>,
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    pub database_url: Option<String>,
    pub data_dir: PathBuf,
    pub bind: SocketAddr,
    pub admin_key: Option<String>,
    pub log: String,
    pub rates: Rates,
    pub webhooks_allow_private: bool,
    /// Without a slash at its end.
    pub public_url: Option<String>,
}

/// The database in use. Keeps the private one running for as long as it lives.
pub struct Database {
    pub db: Db,
    _private: Option<PrivateDatabase>,
}

impl Config {
    pub fn load(settings: &Settings) -> anyhow::Result<Config> {
        let file = match &settings.config {
            Some(path) => read_file(path)?,
            None => SettingsFile::default(),
        };
        let data_dir = match settings.data_dir.clone().or(file.data_dir) {
            Some(folder) => folder,
            None => default_data_dir()?,
        };
        let bind = settings
            .bind
            .clone()
            .or(file.bind)
            .unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let bind = bind
            .parse()
            .with_context(|| format!("`{bind}` is no address with a port; an example is 127.0.0.1:8080"))?;
        let database_url = settings
            .database_url
            .clone()
            .or(file.database_url)
            .filter(|url| !url.is_empty());
        if let Some(url) = &database_url
            && !["postgres://", "postgresql://"]
                .iter()
                .any(|scheme| url.starts_with(scheme))
        {
            bail!("the database URL must begin with postgres://, as in postgres://user:password@host/database");
        }
        let admin_key = settings.admin_key.clone().or(file.admin_key);
        if let Some(key) = &admin_key
            && (!key.starts_with("cal_sk_") || key.len() < ADMIN_KEY_CHARS)
        {
            bail!("the preset admin key must begin with cal_sk_ and have at least {ADMIN_KEY_CHARS} characters");
        }
        let public_url = settings.public_url.clone().or(file.public_url);
        let public_url = public_url
            .map(|url| url.trim_end_matches('/').to_owned())
            .filter(|url| !url.is_empty());
        if let Some(url) = &public_url
            && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
        {
            bail!("the public URL must begin with https:// or http://, as in https://calibrant.example.com");
        }
        Ok(Config {
            database_url,
            data_dir,
            bind,
            admin_key,
            log: settings.log.clone().or(file.log).unwrap_or_else(|| LOG.to_owned()),
            rates: Rates {
                requests: settings
                    .rate_requests
                    .or(file.rate_requests)
                    .unwrap_or(Rates::DEFAULT.requests),
                events: settings
                    .rate_events
                    .or(file.rate_events)
                    .unwrap_or(Rates::DEFAULT.events),
            },
            webhooks_allow_private: settings
                .webhooks_allow_private
                .or(file.webhooks_allow_private)
                .unwrap_or(false),
            public_url,
        })
    }

    /// How much clients may ask of a server, and what it may send to.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::with_rates(self.rates);
        limits.outgoing.allow_private = self.webhooks_allow_private;
        limits.outgoing.public_url.clone_from(&self.public_url);
        limits
    }

    /// Where outputs are kept as columns. Any of it may be deleted at any time.
    pub fn segments(&self) -> Segments {
        Segments::in_folder(self.data_dir.join("segments"), MOST_BYTES)
    }

    /// The database for a server, which owns its private one.
    pub fn own_database(&self, address: SocketAddr) -> anyhow::Result<Database> {
        self.database(|data| {
            let database = PrivateDatabase::start(data)?;
            database.note_address(address)?;
            Ok(database)
        })
    }

    /// The database for a command, beside a running server or without one.
    pub fn join_database(&self) -> anyhow::Result<Database> {
        self.database(PrivateDatabase::join)
    }

    /// The database for a command that makes sense only where data is.
    pub fn existing_database(&self) -> anyhow::Result<Database> {
        if self.database_url.is_none() && !PrivateDatabase::exists(&self.data_dir) {
            bail!(
                "there is no Calibrant data in {}; choose the folder with --data-dir, or the database with --database-url",
                self.data_dir.display()
            );
        }
        self.join_database()
    }

    /// The database for a process that works beside running servers.
    pub fn served_database(&self) -> anyhow::Result<Database> {
        self.database(PrivateDatabase::beside)
    }

    fn database(&self, private: impl FnOnce(&Path) -> anyhow::Result<PrivateDatabase>) -> anyhow::Result<Database> {
        match &self.database_url {
            Some(url) => Ok(Database {
                db: Db::open(url, CONNECTIONS)?,
                _private: None,
            }),
            None => {
                let private = private(&self.data_dir)?;
                Ok(Database {
                    db: Db::open(&private.url(), CONNECTIONS)?,
                    _private: Some(private),
                })
            }
        }
    }
}

fn read_file(path: &Path) -> anyhow::Result<SettingsFile> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not a settings file", path.display()))
}

fn default_data_dir() -> anyhow::Result<PathBuf> {
    if is_root()? {
        return Ok(PathBuf::from("/var/lib/calibrant"));
    }
    let home = std::env::home_dir().context("there is no home directory; choose a folder with --data-dir")?;
    Ok(home.join(".local/share/calibrant"))
}
