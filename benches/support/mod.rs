//! What the parts stand on: a PostgreSQL of their own, the real server as a process of its own, products to send, and a client
//! that costs little beside them.

pub mod bench;
pub mod crowd;
pub mod database;
pub mod duckdb;
pub mod figures;
pub mod http;
pub mod load;
pub mod machine;
pub mod paced;
pub mod pgbench;
pub mod product;
pub mod server;
pub mod settings;
pub mod table;
