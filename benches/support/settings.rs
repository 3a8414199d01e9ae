//! What is measured, how often, and where: from the words after `--` and from the environment.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub struct Settings {
    words: Vec<String>,
    pub runs: u64,
    /// Outputs of the simulated product of the short parts.
    pub outputs: u64,
    /// Whether bars that need long or large measurements are measured in full.
    pub long: bool,
    /// Seconds of each sustained stream.
    pub sustained: u64,
    /// Outputs of the large products.
    pub sizes: Vec<u64>,
    /// Whether large products are loaded again although they are there.
    pub reload: bool,
    /// What is kept between runs: large products and DuckDB.
    pub folder: PathBuf,
}

impl Settings {
    pub fn read() -> Settings {
        let words = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
        let long = number("CALIBRANT_BENCH_LONG", 0) != 0;
        let sizes = match std::env::var("CALIBRANT_BENCH_SIZES") {
            Ok(text) => text
                .split(',')
                .map(|size| parsed("CALIBRANT_BENCH_SIZES", size))
                .collect(),
            Err(_) if long => vec![1_000_000, 10_000_000],
            Err(_) => vec![1_000_000],
        };
        let folder = std::env::var_os("CALIBRANT_BENCH_DIR").map_or_else(default_folder, PathBuf::from);
        std::fs::create_dir_all(&folder).expect("the bench's folder can be made");
        Settings {
            words,
            runs: number("CALIBRANT_BENCH_RUNS", 5),
            outputs: number("CALIBRANT_BENCH_OUTPUTS", 75_000),
            long,
            sustained: number("CALIBRANT_BENCH_SECONDS", if long { 300 } else { 30 }),
            sizes,
            reload: number("CALIBRANT_BENCH_RELOAD", 0) != 0,
            folder: folder.canonicalize().expect("it was just made"),
        }
    }

    /// Whether a part is to be measured. Some are only when they are named.
    pub fn wants(&self, part: &str, by_default: bool) -> bool {
        match self.words.is_empty() {
            true => by_default,
            false => self.words.iter().any(|word| word == part),
        }
    }

    /// Words that name no part.
    pub fn unknown<'a>(&'a self, parts: &'a [&str]) -> impl Iterator<Item = &'a String> {
        self.words.iter().filter(|word| !parts.contains(&word.as_str()))
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| parsed(name, &text))
}

fn parsed(name: &str, text: &str) -> u64 {
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("{name} must hold whole numbers, not `{text}`"))
}

/// Under the target folder; or under `/var/tmp` where the database's account could not enter that, as below `/root`.
fn default_folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    let closed = |folder: &Path| {
        folder
            .metadata()
            .is_ok_and(|data| data.permissions().mode() & 0o001 == 0)
    };
    match target.ancestors().any(closed) {
        true => PathBuf::from("/var/tmp/calibrant-bench"),
        false => target,
    }
}
