//! More than the server can take, faster or slower than it likes.

mod flood;
mod rates;
mod slow;
