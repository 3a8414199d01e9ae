//! `calibrant evals`: cases and results as files, by way of a server. What became of them is the API's answer.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use ureq::http::{Request, header};

use super::report::source::encoded;

/// How long a server may take for one file.
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Debug, Args)]
pub struct EvalsArgs {
    #[command(subcommand)]
    what: What,
    /// The server
    #[arg(long, env = "CALIBRANT_URL", default_value = "http://127.0.0.1:8080", global = true)]
    url: String,
    /// A key of that server: one that may read exports, one of an admin changes
    #[arg(
        long,
        env = "CALIBRANT_KEY",
        hide_env_values = true,
        default_value = "",
        global = true
    )]
    key: String,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write the cases of a set
    Export {
        set: String,
        /// Where to; standard output without it
        to: Option<PathBuf>,
        #[arg(long, value_enum, default_value = "csv")]
        format: Form,
    },
    /// Add and change cases from CSV, lines of JSON or JSON
    Import {
        set: String,
        /// `-` is standard input
        file: PathBuf,
        /// Delete the cases that the file does not have
        #[arg(long)]
        replace: bool,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Upload the results of a run
    Run {
        set: String,
        /// `-` is standard input
        file: PathBuf,
        /// What to call the run
        #[arg(long)]
        name: String,
        /// The version that was run, as outputs name it
        #[arg(long)]
        version: Option<String>,
        #[arg(long)]
        model: Option<String>,
        /// Who judged, where rows do not say
        #[arg(long)]
        judge: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Csv,
    Jsonl,
}

/// Fails when a row was not taken, so that a pipeline notices.
pub fn run(args: &EvalsArgs) -> anyhow::Result<()> {
    let path = |set: &str, rest: &str| format!("/api/v1/evals/{}/{rest}", encoded(set));
    match &args.what {
        What::Export { set, to, format } => {
            let form = match format {
                Form::Csv => "csv",
                Form::Jsonl => "jsonl",
            };
            let bytes = ask(args, "GET", &path(set, &format!("cases?format={form}")), Vec::new())?;
            match to {
                Some(file) => std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display())),
                None => Ok(std::io::stdout().write_all(&bytes)?),
            }
        }
        What::Import {
            set,
            file,
            replace,
            dry_run,
        } => {
            let method = if *replace { "PUT" } else { "POST" };
            let path = path(set, &format!("cases?dry_run={dry_run}"));
            told(&ask(args, method, &path, read(file)?)?)
        }
        What::Run {
            set,
            file,
            name,
            version,
            model,
            judge,
        } => {
            let given = [
                ("name", Some(name)),
                ("version", version.as_ref()),
                ("model", model.as_ref()),
                ("judge", judge.as_ref()),
            ];
            let given: Vec<String> = given
                .into_iter()
                .filter_map(|(name, value)| Some(format!("{name}={}", encoded(value?))))
                .collect();
            let path = path(set, &format!("runs?{}", given.join("&")));
            told(&ask(args, "POST", &path, read(file)?)?)
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Prints the answer: a line for each row that was changed or refused; the others are counted.
fn told(body: &[u8]) -> anyhow::Result<()> {
    let mut answer: Value = serde_json::from_slice(body).context("what answers is no Calibrant server")?;
    if let Some(rows) = answer.get_mut("results").and_then(Value::as_array_mut) {
        rows.retain(|row| row.get("status").is_none_or(|status| status != "unchanged"));
    }
    println!("{}", lines(&answer));
    match answer.get("rejected").and_then(Value::as_u64) {
        Some(0) => Ok(()),
        Some(1) => bail!("1 row was not taken"),
        Some(rejected) => bail!("{rejected} rows were not taken"),
        None => bail!("the server's answer is not of this program's version"),
    }
}

/// JSON with a line for each field, and for each element of a list.
fn lines(answer: &Value) -> String {
    let Value::Object(fields) = answer else {
        return answer.to_string();
    };
    let written = |value: &Value| match value {
        Value::Array(rows) if !rows.is_empty() => {
            let rows: Vec<String> = rows.iter().map(|row| format!("    {row}")).collect();
            format!("[\n{}\n  ]", rows.join(",\n"))
        }
        other => other.to_string(),
    };
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("  {}: {}", Value::from(name.as_str()), written(value)))
        .collect();
    format!("{{\n{}\n}}", fields.join(",\n"))
}

fn ask(args: &EvalsArgs, method: &str, path: &str, body: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    if args.key.is_empty() {
        bail!("the server asks for a key; set CALIBRANT_KEY");
    }
    let origin = args.url.trim_end_matches('/');
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let request = Request::builder()
        .method(method)
        .uri(format!("{origin}{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", args.key));
    let sent = match method {
        "GET" => agent.run(request.body(())?),
        _ => agent.run(request.body(body)?),
    };
    let mut answer = sent.with_context(|| format!("{origin} does not answer"))?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec()?;
    if status < 300 {
        return Ok(body);
    }
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let detail = problem.get("detail").and_then(Value::as_str);
    bail!("{}", detail.unwrap_or("what answers is no Calibrant server"))
}
