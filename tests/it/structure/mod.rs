//! What must stay true of the code itself: who may use whom, and that what is derived is up to date.

mod arrows;
mod openapi;
mod registry;
mod schema;
