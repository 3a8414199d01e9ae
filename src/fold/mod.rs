//! From events to outputs to rollups.
//!
//! The state of an output is a pure function of the set of its events ([`resolve`]), so that order, repetition and batching
//! do not matter. Rollups take the difference between the old and the new state ([`difference`]) in the transaction that
//! replaces the state and moves the log position ([`step`]): exactly once. Several workers share the log by ranges of outputs;
//! [`refresh`] says how they do not get in each other's way.

mod advice;
pub mod base;
mod columns;
pub mod difference;
mod edit;
pub mod erasure;
pub mod facts;
pub mod history;
pub mod link;
mod opinions;
mod persistence;
mod refresh;
pub mod resolve;
pub mod retention;
pub mod rollups;
pub mod signal;
mod stall;
pub mod step;
pub mod text;
pub mod verify;
pub mod worker;
