//! Real clients, as they come from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::project_file;

const REQUIREMENTS: &str = "tests/clients/requirements.txt";

/// Runs one of `tests/clients` and gives what it printed. `None`, said aloud, where its libraries cannot be had.
#[track_caller]
pub fn run(script: &str, arguments: &[&str]) -> Option<String> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let python = PYTHON.get_or_init(environment).as_ref()?;
    let output = Command::new(python)
        .arg(project_file("tests/clients").join(script))
        .args(arguments)
        .env("HF_HUB_OFFLINE", "1")
        .output()
        .unwrap();
    let [said, failed] = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "{said}{failed}");
    Some(said)
}

/// The Python of an environment with the clients in it, kept beside what is built.
fn environment() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
    let (python, installed) = (folder.join("bin/python"), folder.join("installed"));
    let wanted = std::fs::read_to_string(project_file(REQUIREMENTS)).unwrap();
    if std::fs::read_to_string(&installed).is_ok_and(|known| known == wanted) {
        return Some(python);
    }
    let run = |command: &mut Command| {
        let output = command.output();
        let ran = output.as_ref().is_ok_and(|output| output.status.success());
        if !ran {
            eprintln!("SKIPPED: no clients from PyPI: {command:?}: {output:?}");
        }
        ran.then_some(())
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    run(install.arg(project_file(REQUIREMENTS)))?;
    std::fs::write(installed, wanted).unwrap();
    Some(python)
}
