//! Files that are made from the code and committed. `UPDATE_GENERATED=1` writes them; without it a stale one fails.

use super::project_file;

/// Compares a committed file with what it should be.
#[track_caller]
pub fn check_generated(path: &str, wanted: &str) {
    let file = project_file(path);
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if committed == wanted {
        return;
    }
    if std::env::var_os("UPDATE_GENERATED").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, wanted).unwrap();
        return;
    }
    let differs = committed.lines().zip(wanted.lines()).position(|(old, new)| old != new);
    let line = differs.unwrap_or_else(|| committed.lines().count().min(wanted.lines().count()));
    panic!(
        "{path} is stale from line {}:\n  it says      {:?}\n  it should be {:?}\nrun the tests with UPDATE_GENERATED=1 and \
         commit the file",
        line + 1,
        committed.lines().nth(line),
        wanted.lines().nth(line),
    );
}
