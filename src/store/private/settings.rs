//! PostgreSQL's settings for one machine that is not the database's alone. Durability is never traded.

/// The log's compression is the slow one, which every PostgreSQL has; see [`FAST_COMPRESSION`]. Questions are many and short, so that
/// compiling their plans would take longer than it saves.
const ALIKE: &str = "
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
fsync = on
synchronous_commit = on
full_page_writes = on
work_mem = 32MB
maintenance_work_mem = 128MB
max_connections = 60
max_wal_size = 4GB
wal_compression = on
checkpoint_completion_target = 0.9
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
";

/// Most pages of a large index are written whole after each checkpoint. The slow compression of them took a tenth of the processors'
/// time while millions of events came in.
pub const FAST_COMPRESSION: &str = "ALTER SYSTEM SET wal_compression = 'lz4'";

/// The share of the machine's memory in which the database keeps pages, within bounds. Ids are in no order, so that with fewer pages
/// than the indexes of the last partition have, most of them are written out and read again for every event.
const SHARE: u64 = 8;
const LEAST_MB: u64 = 256;
const MOST_MB: u64 = 1024;

/// The settings on a machine of so many bytes of memory.
pub fn text(memory: Option<u64>) -> String {
    let megabytes = memory.map_or(LEAST_MB, |bytes| (bytes / SHARE / 1024 / 1024).clamp(LEAST_MB, MOST_MB));
    format!("{ALIKE}shared_buffers = {megabytes}MB\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_memory_is_for_pages() {
        let pages = |gigabytes: u64| text(Some(gigabytes << 30)).lines().last().map(str::to_owned);
        for (gigabytes, megabytes) in [(1, 256), (4, 512), (8, 1024), (256, 1024)] {
            assert_eq!(pages(gigabytes), Some(format!("shared_buffers = {megabytes}MB")));
        }
        assert!(text(None).contains("shared_buffers = 256MB"));
    }
}
