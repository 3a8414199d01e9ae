//! The one integration binary: linking this stack twice costs more than all tests together.

mod support;

mod crash;
mod golden_stats;
mod reference;
mod smoke;
mod structure;
