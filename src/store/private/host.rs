//! What the machine has: memory, PostgreSQL's programs, and an account to run them as root may not.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;

/// Who runs the database when the server is started as root, first found first taken.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Where the unprivileged user's numbers come from.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

/// Whether this process is root's.
pub fn is_root() -> anyhow::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata("/proc/self")
        .context("cannot tell who runs this process")?
        .uid()
        == 0)
}

/// The account that runs the database for root.
pub fn unprivileged_account() -> anyhow::Result<Account> {
    let accounts = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    UNPRIVILEGED
        .iter()
        .find_map(|wanted| {
            accounts.lines().find_map(|line| {
                let mut fields = line.split(':');
                let name = fields.next()?;
                let uid = fields.nth(1)?.parse().ok()?;
                let gid = fields.next()?.parse().ok()?;
                (name == *wanted).then_some(Account { uid, gid })
            })
        })
        .context("started as root, the database needs an unprivileged user; create one called `postgres`")
}

/// The bytes of memory of this machine, where it says so.
pub fn memory() -> Option<u64> {
    let told = fs::read_to_string("/proc/meminfo").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The folder with PostgreSQL's server programs: the newest of Debian's, else the one on the PATH.
pub fn find_tools() -> anyhow::Result<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        });
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .map(|folder| (0, folder));
    installed
        .chain(on_path)
        .filter(|(_, folder)| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .max_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
        .context(
            "no PostgreSQL server programs were found; install them (on Debian: apt-get install postgresql), or set \
             CALIBRANT_DATABASE_URL to a database that runs elsewhere",
        )
}
