//! The statistics behind every number the service reports.
//!
//! Each submodule answers one question and states its formula and its source:
//!
//! | module | question |
//! |---|---|
//! | [`level`] | how sure should an interval be? |
//! | [`normal`], [`student`] | which critical value belongs to that confidence? |
//! | [`gamma`], [`beta`] | how likely are counts like these? |
//! | [`proportion`] | what range is plausible for a rate? |
//! | [`cluster`] | … when the same users contribute many observations? |
//! | [`median`] | … and for the middle of what they contribute? |
//! | [`two_proportions`] | how far apart are two rates, when trials are independent? |
//! | [`contrast`] | is one side better than the other? |
//! | [`combination`] | … or a difference of differences, when users are on all of them? |
//! | [`sequence`] | … when one looks every day? |
//! | [`watch`] | … at what was shown lately, for ever? |
//! | [`cuped`] | … less what was there before? |
//! | [`multiple`] | … when many differences are looked at? |
//! | [`mcnemar`] | … when each case passes or fails on both? |
//! | [`bradley_terry`] | which of several is best, compared two at a time? |
//! | [`shrinkage`] | … when some of the many are small? |
//! | [`within`] | does something change a rate, when people differ? |
//! | [`aftereffect`] | … or what happened a while before, when they change too? |
//! | [`log_odds`] | which words mark one set of texts against another? |
//! | [`half_life`] | how soon does a drop wear off? |
//! | [`nonresponse`] | what would the rate be, had all answered? |
//! | [`decision_curve`] | from which confidence on is showing worth the interruption? |
//! | [`decomposition`] | did the parts change, or what the whole is made of? |
//! | [`balance`] | did users arrive in the planned shares? |
//! | [`posterior`] | how likely is it better, and what is lost if it is not? |
//! | [`power`] | how many users would it take? |
//! | [`allocation`] | how many to draw from each stratum? |
//! | [`calibration`] | does a stated confidence of 80 % come true 80 % of the time? |
//! | [`binned`], [`smooth`] | … and by how much not, without bias, without bins? |
//! | [`consistency`] | … and how far off may chance bring it? |
//! | [`hosmer_lemeshow`] | … by more than chance, band by band? |
//! | [`murphy`], [`isotonic`] | what is a Brier score made of? |
//! | [`recalibration`], [`logistic`] | what should the model have said? |
//! | [`improvement`] | … and would it have been better where it was not fitted? |
//! | [`auroc`] | does confidence tell right outputs from wrong ones? |
//! | [`selective`] | how many errors are left among the most confident? |
//! | [`risk_control`], [`thresholds`] | above which confidence are errors rare enough, for sure? |
//! | [`sample`] | what is known of all that when users are drawn again? |
//! | [`sketch`] | what are the quantiles of a duration, from mergeable buckets? |
//! | [`detection`] | can users tell right outputs from wrong ones? |
//! | [`agreement`] | do those who judge agree? |
//! | [`ranks`] | which place does it have, for sure? |
//! | [`spearman`] | do two orders agree? |
//! | [`ppi`] | what do few certain labels and many uncertain ones say together? |
//! | [`prevalence`] | how often is it true, when the test that says so errs? |
//! | [`bootstrap`] | how far would a number move if other users had been met? |
//! | [`drift`], [`cusum`], [`laney`], [`page_hinkley`], [`adwin`], [`psi`] | has something changed, and when? |
//! | [`survival`] | how many are still there after so long? |
//! | [`run_length`] | how long has it been at its level? |
//!
//! Everything here is a pure function of `f64` sums: no IO, no allocation beyond what a result
//! needs, no panics. Two conventions hold throughout:
//!
//! * `None` means *there is not enough data to define this number*. A rate without trials is
//!   `None`, never `0` and never `NaN`.
//! * Inputs are expected to be finite. A `NaN` passed in is not diagnosed; it comes back out as
//!   `NaN` or `None`.

#![allow(
    clippy::cast_precision_loss,
    reason = "counts become f64 on purpose and stay far below 2^53"
)]

pub mod adwin;
pub mod aftereffect;
pub mod agreement;
pub mod allocation;
pub mod auroc;
pub mod balance;
pub mod beta;
pub mod binned;
pub mod bootstrap;
pub mod bradley_terry;
pub mod calibration;
pub mod cluster;
pub mod combination;
pub mod consistency;
pub mod contrast;
pub mod cuped;
pub mod cusum;
pub mod decision_curve;
pub mod decomposition;
pub mod detection;
pub mod drift;
pub mod gamma;
pub mod half_life;
pub mod hosmer_lemeshow;
pub mod improvement;
pub mod isotonic;
pub mod laney;
pub mod level;
pub mod log_odds;
pub mod logistic;
pub mod mcnemar;
pub mod median;
pub mod multiple;
pub mod murphy;
pub mod nonresponse;
pub mod normal;
pub mod page_hinkley;
pub mod panel;
pub mod posterior;
pub mod power;
pub mod ppi;
pub mod prevalence;
pub mod proportion;
pub mod psi;
pub mod random;
pub mod ranks;
pub mod recalibration;
pub mod risk_control;
pub mod run_length;
pub mod sample;
pub mod selective;
pub mod sequence;
pub mod shrinkage;
pub mod sketch;
pub mod smooth;
pub mod spearman;
pub mod student;
pub mod survival;
mod symmetric;
pub mod thresholds;
pub mod trust_memory;
pub mod two_proportions;
pub mod watch;
pub mod within;
