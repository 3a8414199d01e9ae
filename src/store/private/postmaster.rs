//! The process that runs a cluster, by the pid file in the cluster's folder.

use std::fs;
use std::path::{Path, PathBuf};

/// What the pid file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Postmaster {
    /// There is no pid file: it was stopped in good order, or never started.
    Stopped,
    /// The process is gone, or its number belongs to another one by now.
    Dead {
        pid: String,
    },
    Running {
        pid: String,
    },
}

impl Postmaster {
    pub fn of(folder: &Path) -> Postmaster {
        let Ok(text) = fs::read_to_string(pid_file(folder)) else {
            return Postmaster::Stopped;
        };
        let pid = text.lines().next().unwrap_or_default().to_owned();
        let process = Path::new("/proc").join(&pid);
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        let runs = status.starts_with("Name:\tpostgres\n") && !status.contains("\nState:\tZ");
        // A postmaster works in the folder of its cluster. Not every process may see that of another user's.
        let elsewhere = fs::read_link(process.join("cwd")).is_ok_and(|works_in| works_in != folder);
        if runs && !elsewhere {
            Postmaster::Running { pid }
        } else {
            Postmaster::Dead { pid }
        }
    }
}

pub fn pid_file(folder: &Path) -> PathBuf {
    folder.join("postmaster.pid")
}
