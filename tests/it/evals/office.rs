//! A real spreadsheet opens the file, and saves it: nothing changes. And pandas reads it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::odd::odd_set;
use super::{CASES, all, counts, put};
use crate::support::python;

/// Opens a file with LibreOffice and saves it. `None`, said aloud, where there is none.
fn saved(folder: &Path, file: &Path, arguments: &[&str], to: &str) -> Option<PathBuf> {
    let out = folder.join("out");
    let profile = format!("-env:UserInstallation=file://{}", folder.join("profile").display());
    let run = Command::new("soffice")
        .args(["--headless", "--norestore", &profile])
        .args(arguments)
        .args(["--convert-to", to, "--outdir"])
        .arg(&out)
        .arg(file)
        .output();
    let Ok(run) = run else {
        eprintln!("SKIPPED: LibreOffice is not installed (soffice)");
        return None;
    };
    let extension = to.split(':').next().unwrap();
    let written = out.join(file.file_stem().unwrap()).with_extension(extension);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success() && written.is_file(), "{said}");
    Some(written)
}

/// Commas, double quotes, UTF-8.
const IN: &str = "--infilter=CSV:44,34,76";
const OUT: &str = "csv:Text - txt - csv (StarCalc):44,34,76";
/// As a German Excel has it.
const OUT_SEMICOLONS: &str = "csv:Text - txt - csv (StarCalc):59,34,76";

#[test]
fn libreoffice_changes_nothing() {
    let (server, before) = odd_set();
    let n = before.len() as u64;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.csv");
    std::fs::write(&file, server.get(&format!("{CASES}?format=csv")).body).unwrap();
    // Saved at once; with semicolons; and after a stay in a spreadsheet's own format, whose cells hold less.
    for to in [OUT, OUT_SEMICOLONS] {
        let Some(back) = saved(folder.path(), &file, &[IN], to) else {
            return;
        };
        let told = put(&server, CASES, std::fs::read(back).unwrap()).expect(200);
        assert_eq!(counts(&told), [0, 0, n, 0, 0], "{to}: {told}");
    }
    for format in ["ods", "xlsx"] {
        let Some(book) = saved(folder.path(), &file, &[IN], format) else {
            return;
        };
        let Some(back) = saved(folder.path(), &book, &[], OUT) else {
            return;
        };
        let told = put(&server, CASES, std::fs::read(back).unwrap()).expect(200);
        assert_eq!(counts(&told), [0, 0, n, 0, 0], "{format}: {told}");
    }
    // With nothing said about the file.
    let Some(back) = saved(folder.path(), &file, &[], "csv") else {
        return;
    };
    let told = put(&server, CASES, std::fs::read(back).unwrap());
    assert_eq!(counts(&told.expect(200)), [0, 0, n, 0, 0]);
    assert_eq!(all(&server), before);
}

#[test]
fn pandas_reads_cases() {
    let (server, before) = odd_set();
    let expected = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(expected.path(), json!(before).to_string()).unwrap();
    let origin = format!("http://{}", server.address());
    let arguments = [&origin, &server.key, expected.path().to_str().unwrap()];
    if python::run("evals.py", &arguments).is_none() {
        return;
    }
    // What it wrote is what it read.
    assert_eq!(all(&server), before);
}
