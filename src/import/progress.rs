//! The progress bar of an import. Draws on standard error, and only when that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{bar:30} {percent:>3} %  {bytes} of {total_bytes}  {eta} left";

/// A bar over the bytes of the file as they are on disk: the only size that is known beforehand.
pub(super) fn bar(total: u64, wanted: bool) -> ProgressBar {
    if !wanted {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    bar
}
