//! People among themselves: which qualities can they judge alike?

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::categories::Categories;
use super::paired::Paired;
use super::{MOST_ROWS, most_frequent};
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::clusters::Clusters;
use crate::query::analyses::opinions::{Discussed, Heard, Holder, HolderKind, Said};
use crate::stats::agreement::pair::Weights;
use crate::stats::agreement::raters::{Ratings, Scale};
use crate::stats::agreement::{RELIABLE, TENTATIVE};
use crate::stats::bootstrap;
use crate::stats::level::{Interval, Level};

/// Clusters that are drawn from; more are put together at random.
const MOST_CLUSTERS: u64 = 1_000;
/// Pairs of people that are answered for each rubric.
const MOST_PAIRS: usize = 10;
const METHOD: &str = "bootstrap_percentile_cluster";

/// Whether people judge a quality alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgreementVerdict {
    /// The interval of α is above 0.8: one person's word stands for another's.
    Alike,
    /// It is above 0.667: tentative conclusions may be drawn.
    SomewhatAlike,
    /// It is below 0.667.
    NotAlike,
    CannotTellYet,
}

/// Krippendorff's α by what the distance between two ratings means: names, ranks, or amounts. Choose before you look.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Alphas {
    pub nominal: Estimate,
    pub ordinal: Estimate,
    pub interval: Estimate,
}

/// Two people on the outputs that both gave an opinion on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PairAgreement {
    pub first: Holder,
    pub second: Holder,
    pub agreement: Estimate,
    /// Cohen's κ, categories as names.
    pub kappa: Estimate,
}

/// How far people agree on one rubric.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PeopleAgreement {
    /// Null is the output as a whole.
    #[schema(required = true)]
    pub rubric: Option<String>,
    /// Raters or human judges: what they answer is not quite the same question.
    pub kind: HolderKind,
    pub verdict: AgreementVerdict,
    /// The verdict in words, with its evidence.
    pub sentence: String,
    pub opinions: u64,
    /// Those who gave an opinion; the users of their own outputs count as one.
    pub people: u64,
    /// The distinct ratings, from 0 to 1.
    pub categories: Vec<f64>,
    /// Whether there were too many, so that they were rounded to twentieths.
    pub rounded: bool,
    /// The chance that two people who rate the same output say the same.
    pub agreement: Estimate,
    pub alpha: Alphas,
    pub fleiss_kappa: Estimate,
    /// Gwet's AC1, which stays high when one answer dominates.
    pub ac1: Estimate,
    /// Those with the most outputs in common.
    pub pairs: Vec<PairAgreement>,
}

pub fn among_themselves(heard: &Heard, level: Level) -> Vec<PeopleAgreement> {
    let said = heard.outputs.iter().flat_map(|output| &output.said);
    let of_people = said.filter_map(|said| Some((said.rubric, heard.kind(said).filter(|kind| kind.is_person())?)));
    let rubrics = most_frequent(of_people).into_iter().take(MOST_ROWS);
    rubrics
        .map(|((rubric, kind), opinions)| on_rubric(heard, rubric, kind, opinions, level))
        .collect()
}

/// The opinions of people of one kind on one rubric, by output.
fn on_rubric(heard: &Heard, rubric: usize, kind: HolderKind, opinions: u64, level: Level) -> PeopleAgreement {
    let outputs: Vec<(&Discussed, Vec<&Said>)> = heard
        .outputs
        .iter()
        .map(|output| {
            let said = output.said.iter().filter(|said| said.rubric == rubric);
            (output, said.filter(|said| heard.kind(said) == Some(kind)).collect())
        })
        .filter(|(_, said): &(_, Vec<&Said>)| !said.is_empty())
        .collect();
    let categories = Categories::of(outputs.iter().flat_map(|(_, said)| said).map(|said| said.value));
    let people = most_frequent(outputs.iter().flat_map(|(_, said)| said).map(|said| said.holder));
    let [agreement, nominal, ordinal, interval, fleiss_kappa, ac1] = coefficients(&outputs, &categories, level);
    let verdict = verdict(&ordinal);
    let name = heard.rubrics.get(rubric).cloned().flatten();
    PeopleAgreement {
        sentence: sentence(verdict, kind, name.as_deref(), &ordinal),
        rubric: name,
        kind,
        verdict,
        opinions,
        people: people.len() as u64,
        agreement,
        alpha: Alphas {
            nominal,
            ordinal,
            interval,
        },
        fleiss_kappa,
        ac1,
        pairs: pairs(heard, &outputs, level),
        categories: categories.values,
        rounded: categories.rounded,
    }
}

/// Agreement, α on three scales, κ and AC1, with intervals by drawing users.
fn coefficients(outputs: &[(&Discussed, Vec<&Said>)], categories: &Categories, level: Level) -> [Estimate; 6] {
    let k = categories.values.len();
    let mut groups: BTreeMap<u64, Ratings> = BTreeMap::new();
    let clusters: std::collections::HashSet<i64> = outputs.iter().map(|(output, _)| output.cluster).collect();
    for (output, said) in outputs {
        let mut counts = vec![0.0; k];
        for said in said {
            if let Some(count) = counts.get_mut(categories.place(said.value)) {
                *count += 1.0;
            }
        }
        let cluster = output.cluster.cast_unsigned();
        let group = if clusters.len() as u64 > MOST_CLUSTERS {
            cluster % MOST_CLUSTERS
        } else {
            cluster
        };
        groups.entry(group).or_insert_with(|| Ratings::new(k)).add(&counts);
    }
    let sums: Vec<Vec<f64>> = groups.into_values().map(|ratings| ratings.sums().to_vec()).collect();
    let all = |sums: &[f64]| {
        let ratings = Ratings::from_sums(k, sums);
        let alpha = |scale| ratings.alpha(scale, &categories.values);
        [
            ratings.agreement(),
            alpha(Scale::Nominal),
            alpha(Scale::Ordinal),
            alpha(Scale::Interval),
            ratings.fleiss_kappa(),
            ratings.ac1(),
        ]
    };
    let mut total = vec![0.0; Ratings::new(k).sums().len()];
    for own in &sums {
        total.iter_mut().zip(own).for_each(|(total, own)| *total += own);
    }
    let shared = outputs.iter().filter(|(_, said)| said.len() >= 2);
    let shared = Clusters::new(shared.map(|(output, _)| *output));
    let values = all(&total);
    let (intervals, method) = if values[0] == Some(1.0) {
        let whole = Ratings::from_sums(k, &total);
        (unanimous(&whole, &shared, level), "wilson_cluster_exact")
    } else {
        (bootstrap::percentiles(&sums, level, all), METHOD)
    };
    let mut intervals = intervals.into_iter();
    values.map(|value| {
        let interval: Option<Interval> = intervals.next().flatten();
        match value {
            Some(value) => shared
                .with_users(Estimate::point(value, shared.outputs()))
                .within(interval, method),
            None if shared.outputs() == 0 => Estimate::none(Reason::NoCases),
            None => Estimate::none(Reason::OneClass),
        }
    })
}

/// Where all agree, all draws do, which would be certainty from a few outputs. Instead, as many may be disagreed on as so many without a
/// disagreement allow (Wilson's interval), each by as much as chance would have it.
fn unanimous(ratings: &Ratings, shared: &Clusters, level: Level) -> [Option<Interval>; 6] {
    let agreeing = (0..shared.outputs()).map(|_| Some(true));
    let least = shared.share(agreeing, level, Reason::NoCases).lower;
    let beyond = |chance: f64| {
        Some(Interval {
            lower: 1.0 - (1.0 - least?) / (1.0 - chance),
            upper: 1.0,
        })
    };
    let (chance, gwets) = (beyond(ratings.chance()), beyond(ratings.gwets_chance()));
    [beyond(0.0), chance, chance, chance, chance, gwets]
}

/// The pairs of people with the most outputs in common.
fn pairs(heard: &Heard, outputs: &[(&Discussed, Vec<&Said>)], level: Level) -> Vec<PairAgreement> {
    // Of an output with a hundred raters, only the first matter: pairs that meet often meet elsewhere too.
    const MOST_SAID: usize = 20;
    let met = outputs.iter().flat_map(|(_, said)| {
        let said = said.get(..MOST_SAID).unwrap_or(said);
        said.iter().enumerate().flat_map(move |(at, first)| {
            let others = said.iter().skip(at + 1);
            others.map(|second| (first.holder.min(second.holder), first.holder.max(second.holder)))
        })
    });
    let met = most_frequent(met).into_iter().take(MOST_PAIRS);
    let pair = |(first, second): (usize, usize)| {
        let both: Vec<(&Discussed, f64, f64)> = outputs
            .iter()
            .filter_map(|(output, said)| {
                let value = |holder| said.iter().find(|said| said.holder == holder).map(|said| said.value);
                Some((*output, value(first)?, value(second)?))
            })
            .collect();
        let both = Paired::new(&both);
        Some(PairAgreement {
            first: heard.holders.get(first)?.clone(),
            second: heard.holders.get(second)?.clone(),
            agreement: both.agreement(level),
            kappa: both.kappa(Weights::Nominal, level),
        })
    };
    met.filter_map(|(holders, _)| pair(holders)).collect()
}

fn verdict(alpha: &Estimate) -> AgreementVerdict {
    match (alpha.lower, alpha.upper) {
        (Some(lower), _) if lower >= RELIABLE => AgreementVerdict::Alike,
        (Some(lower), _) if lower >= TENTATIVE => AgreementVerdict::SomewhatAlike,
        (_, Some(upper)) if upper < TENTATIVE => AgreementVerdict::NotAlike,
        _ => AgreementVerdict::CannotTellYet,
    }
}

fn sentence(verdict: AgreementVerdict, kind: HolderKind, rubric: Option<&str>, alpha: &Estimate) -> String {
    let quality = rubric.map_or_else(|| "outputs as a whole".to_owned(), |rubric| format!("`{rubric}`"));
    let (they, who) = match kind {
        HolderKind::Rater => ("Raters", "raters"),
        _ => ("Human judges", "human judges"),
    };
    let (Some(value), Some(lower), Some(upper)) = (alpha.value, alpha.lower, alpha.upper) else {
        return format!(
            "Cannot tell yet whether {who} see {quality} alike: too few outputs have opinions of two or more that differ."
        );
    };
    let evidence = format!(
        "Krippendorff's alpha is {value:.2} [{lower:.2}, {upper:.2}] over {} outputs",
        alpha.n
    );
    match verdict {
        AgreementVerdict::Alike => format!("{they} see {quality} alike: {evidence}."),
        AgreementVerdict::SomewhatAlike => format!("{they} see {quality} somewhat alike: {evidence}."),
        AgreementVerdict::NotAlike => {
            format!("{they} do not see {quality} alike: {evidence}; a single person's word says little about it.")
        }
        AgreementVerdict::CannotTellYet => format!("Cannot tell yet whether {who} see {quality} alike: {evidence}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::analyses::clusters::Member;

    /// The interval of α where two people rated so many outputs, of a user each, and always alike.
    fn alpha(outputs: i64) -> Interval {
        let mut ratings = Ratings::new(2);
        for output in 0..outputs {
            ratings.add(if output % 2 == 0 { &[2.0, 0.0] } else { &[0.0, 2.0] });
        }
        let members = (0..outputs).map(|cluster| Member {
            cluster,
            has_user: true,
        });
        let [agreement, nominal, ordinal, ..] = unanimous(&ratings, &Clusters::new(members), Level::default());
        assert!(agreement.unwrap().lower > nominal.unwrap().lower && nominal == ordinal);
        nominal.unwrap()
    }

    #[test]
    fn ten_outputs_that_all_see_alike_do_not_make_a_quality_reliable() {
        assert!(alpha(10).lower < TENTATIVE, "{:?}", alpha(10));
        assert!(alpha(200).lower > RELIABLE, "{:?}", alpha(200));
    }
}
