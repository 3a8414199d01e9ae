//! `datasets`, `pandas` and `polars` as people have them read what is exported. They come from PyPI.

use std::path::PathBuf;
use std::process::Command;

use super::{edited, send};
use crate::support::{TestServer, project_file};

/// The Python of a folder with the clients, made once. `None`, said aloud, where PyPI cannot be reached.
pub fn python() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("export-clients");
    let python = folder.join("bin/python");
    let has_clients = || {
        Command::new(&python)
            .args(["-c", "import datasets, pandas, polars"])
            .status()
            .is_ok_and(|status| status.success())
    };
    if has_clients() {
        return Some(python);
    }
    let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status();
    let installed = made.is_ok_and(|status| status.success())
        && Command::new(folder.join("bin/pip"))
            .args([
                "install",
                "--quiet",
                "datasets==4.4.1",
                "pandas==2.3.3",
                "polars==1.35.2",
            ])
            .status()
            .is_ok_and(|status| status.success());
    if installed && has_clients() {
        return Some(python);
    }
    eprintln!("SKIPPED: datasets, pandas and polars cannot be had from PyPI");
    None
}

#[test]
fn real_clients_read_the_data_sets() {
    let Some(python) = python() else { return };
    let server = TestServer::start();
    send(&server, &edited(250));
    let read = Command::new(python)
        .arg(project_file("tests/it/exports/clients.py"))
        .arg(format!("http://{}", server.address()))
        .arg(&server.key)
        .env("HF_HUB_OFFLINE", "1")
        .output()
        .unwrap();
    let said = [read.stdout, read.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(read.status.success(), "{}", said.concat());
}
