//! Arrows point one way: main → cli → server → api → {ingest, query} → {fold, metrics → stats, store}; all may use domain.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::project_file;

struct Rule {
    folder: &'static str,
    /// The modules of this crate that it may name besides itself.
    modules: &'static [&'static str],
    crates: Crates,
}

/// The dependencies that a folder may name.
enum Crates {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

const WEB: [&str; 4] = ["actix_web", "utoipa_actix_web", "utoipa_swagger_ui", "futures_util"];

const RULES: [Rule; 13] = [
    Rule {
        folder: "stats",
        modules: &[],
        crates: Crates::Only(&[]),
    },
    Rule {
        folder: "domain",
        modules: &[],
        crates: Crates::Only(&[
            "serde",
            "serde_json",
            "chrono",
            "chrono_tz",
            "uuid",
            "sha2",
            "unicode_normalization",
            "utoipa",
        ]),
    },
    Rule {
        folder: "metrics",
        modules: &["domain", "stats"],
        crates: Crates::AllBut(&["diesel", "diesel_migrations", "tokio"]),
    },
    Rule {
        folder: "rollup",
        modules: &["domain"],
        crates: Crates::Only(&["zstd", "thiserror"]),
    },
    Rule {
        folder: "store",
        modules: &["domain"],
        crates: Crates::AllBut(&["polars", "rapidfuzz"]),
    },
    Rule {
        folder: "fold",
        modules: &["domain", "metrics", "rollup", "stats", "store"],
        crates: Crates::AllBut(&["tokio"]),
    },
    Rule {
        folder: "ingest",
        modules: &["domain", "fold", "store"],
        crates: Crates::AllBut(&["polars"]),
    },
    Rule {
        folder: "query",
        modules: &["domain", "fold", "metrics", "rollup", "stats", "store"],
        crates: Crates::AllBut(&["tokio"]),
    },
    Rule {
        folder: "import",
        modules: &["domain"],
        crates: Crates::AllBut(&["diesel", "polars", "tokio"]),
    },
    Rule {
        folder: "simulate",
        modules: &["domain"],
        crates: Crates::AllBut(&["diesel", "polars", "tokio"]),
    },
    Rule {
        folder: "api",
        modules: &[
            "connections",
            "domain",
            "fold",
            "ingest",
            "metrics",
            "query",
            "state",
            "stats",
            "store",
            "telemetry",
            "webhooks",
        ],
        crates: Crates::AllBut(&["diesel_migrations", "polars", "clap"]),
    },
    Rule {
        folder: "webhooks",
        modules: &["fold", "store"],
        crates: Crates::AllBut(&["diesel", "polars", "tokio"]),
    },
    Rule {
        folder: "alerts",
        modules: &["api", "fold", "query", "store", "webhooks"],
        crates: Crates::AllBut(&["polars", "tokio"]),
    },
];

#[test]
fn arrows_point_one_way() {
    let dependencies = dependencies();
    let mut wrong = Vec::new();
    for rule in &RULES {
        let files = sources(&project_file("src").join(rule.folder));
        assert!(!files.is_empty(), "src/{} is empty", rule.folder);
        for file in files {
            let named = names(&file);
            let modules = named.iter().filter_map(|name| name.strip_prefix("crate::"));
            for module in modules {
                if module != rule.folder && !rule.modules.contains(&module) {
                    wrong.push(format!("{}: crate::{module}", file.display()));
                }
            }
            for name in named.intersection(&dependencies) {
                let allowed = match rule.crates {
                    Crates::Only(these) => these.contains(&name.as_str()),
                    Crates::AllBut(these) => !these.contains(&name.as_str()),
                };
                let is_web = rule.folder != "api" && WEB.contains(&name.as_str());
                if !allowed || is_web {
                    wrong.push(format!("{}: {name}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "against the arrows:\n  {}", wrong.join("\n  "));
}

/// HTTP is known to the routes and to the server that runs them, and to no one else.
#[test]
fn only_the_api_and_the_server_know_http() {
    let allowed = [project_file("src/api"), project_file("src/server.rs")];
    for file in sources(&project_file("src")) {
        if allowed.iter().any(|place| file.starts_with(place)) {
            continue;
        }
        for name in WEB {
            assert!(!names(&file).contains(name), "{} names {name}", file.display());
        }
    }
}

/// The folders of `src` are all under a rule, or at the top where everything comes together.
#[test]
fn every_folder_has_a_rule() {
    for entry in std::fs::read_dir(project_file("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() && !["cli", "docs"].contains(&name.as_str()) {
            assert!(RULES.iter().any(|rule| rule.folder == name), "src/{name} has no rule");
        }
    }
}

/// Everything before a `::` outside comments: `polars`, `crate::store`.
fn names(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut names = BTreeSet::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default();
        let segments: Vec<&str> = code.split("::").collect();
        for pair in segments.windows(2) {
            let before = last_word(pair[0]);
            names.insert(before.to_owned());
            if before == "crate" {
                names.insert(format!("crate::{}", first_word(pair[1])));
            }
        }
        // `use crate::{a, b}`: each item by itself.
        if let Some((_, items)) = code.split_once("crate::{") {
            let items = items.split(',').map(|item| first_word(item.trim_start()));
            names.extend(
                items
                    .filter(|item| !item.is_empty())
                    .map(|item| format!("crate::{item}")),
            );
        }
    }
    names.remove("crate::");
    names
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn last_word(text: &str) -> &str {
    let start = text.rfind(|letter| !is_word(letter)).map_or(0, |at| at + 1);
    text.get(start..).unwrap_or_default()
}

fn first_word(text: &str) -> &str {
    let end = text.find(|letter| !is_word(letter)).unwrap_or(text.len());
    &text[..end]
}

/// What Cargo.toml depends on, as code names it.
fn dependencies() -> BTreeSet<String> {
    let text = std::fs::read_to_string(project_file("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    dependencies.keys().map(|name| name.replace('-', "_")).collect()
}

/// The Rust files of a folder, those below it too.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
