//! What the benches stand on: a PostgreSQL of their own, the real server as a process of its own, and a client that costs
//! little beside them.

pub mod database;
pub mod figures;
pub mod http;
pub mod server;
