//! From bytes to the log: decode, validate, prepare, commit in groups.

pub mod append;
pub mod commit;
pub mod decode;
pub mod inflate;
pub mod limits;
pub mod prepare;
pub mod rejection;
pub mod validate;
