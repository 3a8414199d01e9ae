//! The words of the product as plain types: what happened (events), what it came to (decisions on outputs), what one can
//! group by (dimensions) and over which time (windows). Nothing here knows of a database, a data frame or HTTP.

pub mod action;
pub mod clock;
pub mod decision;
pub mod dimension;
pub mod edits;
pub mod event;
pub mod key;
pub mod persistence;
pub mod quotes;
pub mod retention;
pub mod scope;
pub mod spreadsheet;
pub mod strict;
pub mod text;
pub mod weekly;
pub mod window;
