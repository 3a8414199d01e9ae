//! What is embedded at compile time: migrations, and the dashboard if it was built. The compiler does not see new SQL files by
//! itself, and without a dashboard there is nothing it could include.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Where `make web` puts the dashboard. The folder around it is always there, so that its making is seen.
const BUILT: &str = "dashboards/web/dist/app";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=dashboards/web/dist");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(BUILT);
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut files = Vec::new();
    if root.is_dir() {
        collect(&root, &mut files)?;
        files.sort();
    }
    let mut code = String::from("&[\n");
    for (at, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&root).unwrap_or(file);
        let name = name.to_string_lossy().replace('\\', "/");
        // Copies, because checkouts that share a target folder share this script's output, and one of them may be gone.
        let copy = format!("dashboard-{at}");
        write_anew(&out.join(&copy), &fs::read(file)?)?;
        let _ = writeln!(code, "    ({name:?}, include_bytes!({copy:?}) as &[u8]),");
    }
    code.push_str("]\n");
    write_anew(&out.join("dashboard.rs"), code.as_bytes())
}

/// Into a file of its own: what is there may be shared, by hard links, with a copy of the target folder.
fn write_anew(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::write(path, bytes),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
