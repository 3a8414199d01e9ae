//! What is the true quality, from few labels of people and many of a judge?
//!
//! People are right but few, a judge is plenty but errs. [`Ppi`] puts both together without believing the judge. The quality is the
//! share of outputs that people call right (of one output, the share of the people who do), among those that the judge has judged.
//! People are human judges, and raters where no human judges.

use std::collections::BTreeMap;

use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::agreement::{MOST_ROWS, most_frequent};
use super::opinions::{Heard, Holder, Listened, listen};
use crate::metrics::estimate::plain_number;
use crate::metrics::number::Spread;
use crate::metrics::{Estimate, Reason, Unit};
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::cluster::{ClusterRatio, ROUNDING};
use crate::stats::level::{Interval, Level};
use crate::stats::ppi::{Judged, Mean, Ppi};

/// Labels of people below which normal intervals should not be believed.
const FEWEST_LABELS: u64 = 30;

/// An estimate that leans on the judge as far as `lambda` says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Assisted {
    /// 0 is people alone, 1 takes the judge at its word.
    pub lambda: f64,
    pub estimate: Estimate,
}

/// The quality by one judge's help, on one rubric.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssistedQuality {
    pub judge: Holder,
    /// Null is the output as a whole.
    #[schema(required = true)]
    pub rubric: Option<String>,
    /// The finding in words.
    pub sentence: String,
    /// Outputs that both people and the judge have judged.
    pub labelled: u64,
    /// Outputs that only the judge has judged.
    pub unlabelled: u64,
    /// The labels of people: no bias, but few.
    pub people_alone: Estimate,
    /// The mean of the judge's opinions: many, but as biased as the judge.
    pub judge_alone: Estimate,
    /// PPI with the λ of least clustered variance; it may be beyond 0 and 1.
    pub assisted: Assisted,
    /// PPI++ with the λ of its authors, cut to 0 and 1.
    pub ppi_plus_plus: Assisted,
    /// How many labels of people alone would say as much.
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub effective_labels: Option<f64>,
    /// That people chose at random which outputs to judge, as far as the judge can tell. Where it is small, the estimates are of the
    /// kind of output that people choose.
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub random_labels_p_value: Option<f64>,
}

/// The quality as far as judges help to know it.
pub struct Quality {
    /// Those with the most labels first.
    pub by_judge: Vec<AssistedQuality>,
    /// Why there is none.
    pub reason: Option<Reason>,
}

/// Estimates the quality of the outputs that pass the question's filters, with each judge's help.
pub fn run(conn: &mut PgConnection, sources: &Sources, query: &Query) -> Result<Listened<Quality>, QueryError> {
    listen(conn, sources, query, |heard| {
        let said = heard.outputs.iter().flat_map(|output| &output.said);
        let judged = said.filter(|said| heard.kind(said).is_some_and(|kind| !kind.is_person()));
        let judges = most_frequent(judged.map(|said| (said.holder, said.rubric)));
        let mut found: Vec<AssistedQuality> = judges
            .into_iter()
            .take(MOST_ROWS)
            .filter_map(|((judge, rubric), _)| with_help_of(heard, judge, rubric, query.level))
            .collect();
        found.sort_by_key(|quality| std::cmp::Reverse(quality.labelled));
        let reason = match heard.outputs.is_empty() {
            true => Reason::NoJudgements,
            // People alone, or a judge alone.
            false => Reason::NoCases,
        };
        Quality {
            reason: found.is_empty().then_some(reason),
            by_judge: found,
        }
    })
}

fn with_help_of(heard: &Heard, judge: usize, rubric: usize, level: Level) -> Option<AssistedQuality> {
    let holder = heard.holders.get(judge)?;
    let outputs: Vec<Judged> = heard
        .outputs
        .iter()
        .filter_map(|output| {
            let mut said = output.said.iter().filter(|said| said.rubric == rubric);
            let own = said.find(|said| said.holder == judge)?;
            let people = heard.people(output, rubric);
            let right = people.iter().filter(|said| said.is_right).count() as f64;
            Some(Judged {
                cluster: output.cluster,
                judge: own.value,
                people: (!people.is_empty()).then(|| right / people.len() as f64),
            })
        })
        .collect();
    let ppi = Ppi::new(&outputs)?;
    let all = ppi.labelled + ppi.unlabelled;
    let labels = totals(&outputs, |output| output.people);
    let opinions = totals(&outputs, |output| Some(output.judge));
    let assisted = |lambda, mean| Assisted {
        lambda,
        estimate: estimate(mean, all, &labels, level),
    };
    let (people, best, tuned) = (ppi.people_alone(), ppi.best(), ppi.power_tuned());
    let imbalance = ppi.imbalance();
    let error = |mean: Mean| mean.standard_error.filter(|error| *error > ROUNDING);
    let gain = error(people)
        .zip(error(best))
        .map(|(people, best)| (people / best).powi(2));
    let mut quality = AssistedQuality {
        judge: holder.clone(),
        rubric: heard.rubrics.get(rubric)?.clone(),
        sentence: String::new(),
        labelled: ppi.labelled,
        unlabelled: ppi.unlabelled,
        people_alone: estimate(people, ppi.labelled, &labels, level),
        judge_alone: estimate(ppi.judge_alone(), all, &opinions, level),
        assisted: assisted(ppi.optimal(), best),
        ppi_plus_plus: assisted(tuned, ppi.at(tuned)),
        effective_labels: gain.map(|gain| gain * ppi.labelled as f64),
        random_labels_p_value: error(imbalance).map(|error| imbalance.sizes.p_value(imbalance.value / error)),
    };
    quality.sentence = sentence(&quality);
    Some(quality)
}

/// Sums and numbers of labels by cluster.
fn totals(outputs: &[Judged], label: fn(&Judged) -> Option<f64>) -> ClusterRatio {
    let mut totals: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (cluster, label) in outputs.iter().filter_map(|own| Some((own.cluster, label(own)?))) {
        let (sum, n) = totals.entry(cluster).or_default();
        (*sum, *n) = (*sum + label, *n + 1.0);
    }
    ClusterRatio::from_totals(&totals.into_values().collect::<Vec<_>>())
}

/// A mean from labels that are all alike has the interval of a share: that nothing varies does not make it certain. What the judge adds
/// may carry both beyond 0 and 1, where no share can be.
fn estimate(mean: Mean, n: u64, labels: &ClusterRatio, level: Level) -> Estimate {
    let (interval, method) = match mean.standard_error {
        Some(error) if error <= ROUNDING => (labels.wilson(level), "wilson_cluster_exact"),
        _ => (mean.interval(level).map(Interval::clip_to_unit), "linear_cluster_exact"),
    };
    Estimate::point(mean.value.clamp(0.0, 1.0), n)
        .with_standard_error(mean.standard_error)
        .within(interval, method)
}

fn sentence(quality: &AssistedQuality) -> String {
    let assisted = &quality.assisted.estimate;
    if assisted.value.is_none() || assisted.lower.is_none() {
        return "Cannot tell yet: people have judged too few outputs.".to_owned();
    }
    let mut text = format!(
        "{} of outputs are right by people's word",
        Spread::from(assisted).text(Unit::Share)
    );
    if let Some(labels) = quality.effective_labels {
        text += &format!(
            "; with the judge, {} labels of people are worth {labels:.0}",
            quality.labelled
        );
    }
    if quality.labelled < FEWEST_LABELS {
        text += &format!("; fewer than {FEWEST_LABELS} labels of people are too few to be sure of the interval");
    }
    if quality.random_labels_p_value.is_some_and(|p| p < 0.01) {
        text += "; people seem not to have chosen at random what they judge, so that this may not hold for all outputs";
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::cluster::Sizes;

    #[test]
    fn a_share_stays_between_nothing_and_all() {
        let labels = ClusterRatio::from_totals(&[(3.0, 4.0), (4.0, 4.0), (2.0, 3.0)]);
        let of = |value| {
            let mean = Mean {
                value,
                standard_error: Some(0.1),
                sizes: Sizes::equal(3),
            };
            let found = estimate(mean, 11, &labels, Level::default());
            (found.value.unwrap(), found.lower.unwrap(), found.upper.unwrap())
        };
        let (value, lower, upper) = of(0.86);
        assert!(
            value == 0.86 && lower > 0.4 && upper == 1.0,
            "{value} [{lower}, {upper}]"
        );
        assert_eq!(of(1.02).0, 1.0);
    }
}
