//! Strengths of the runs that have one, and how sure they are.

use std::collections::BTreeMap;

use super::contest::{Contest, Pairing};
use crate::metrics::Estimate;
use crate::query::analyses::clusters::Clusters;
use crate::stats::bradley_terry::Wins;
use crate::stats::level::Level;

pub struct Strengths {
    /// The number of each run that has a strength, and its place among them.
    places: BTreeMap<usize, usize>,
    values: Vec<f64>,
    /// The cases that tell of them, and how far each moves each of the strengths.
    cases: Clusters,
    influence: Vec<Vec<f64>>,
    level: Level,
}

impl Strengths {
    /// `None` where no two runs have one.
    pub fn new(contest: &Contest, pairings: &[Pairing], wins: &Wins, level: Level) -> Option<Strengths> {
        let core = wins.core();
        let fit = wins.among(&core).fit()?;
        let places: BTreeMap<usize, usize> = core.iter().copied().zip(0..).collect();
        let mut residuals: Vec<Option<Vec<f64>>> = vec![None; contest.size()];
        for pairing in pairings {
            let (Some(first), Some(second)) = (places.get(&pairing.first), places.get(&pairing.second)) else {
                continue;
            };
            for round in &pairing.rounds {
                let residual = fit.residual(*first, *second, round.won);
                let own = residuals
                    .get_mut(round.case)?
                    .get_or_insert_with(|| vec![0.0; core.len()]);
                *own.get_mut(*first)? += residual;
                *own.get_mut(*second)? -= residual;
            }
        }
        let told = residuals.iter().enumerate().filter(|(_, own)| own.is_some());
        let cases = contest.clusters(told.map(|(case, _)| case));
        Some(Strengths {
            places,
            cases,
            influence: residuals.into_iter().flatten().map(|own| fit.influence(own)).collect(),
            values: fit.strengths,
            level,
        })
    }

    pub fn of(&self, run: usize) -> Option<Estimate> {
        let place = *self.places.get(&run)?;
        self.estimate(|of| of.get(place).copied())
    }

    /// How far the first is ahead of the second, and the p-value of no difference if there is an interval.
    pub fn difference(&self, first: usize, second: usize) -> Option<(Estimate, Option<f64>)> {
        let (first, second) = (*self.places.get(&first)?, *self.places.get(&second)?);
        let found = self.estimate(|of| Some(of.get(first)? - of.get(second)?))?;
        let error = found.standard_error.filter(|_| found.lower.is_some());
        let test = found.value.zip(error);
        let p_value = test.map(|(value, error)| self.cases.sizes().p_value(value / error));
        Some((found, p_value))
    }

    /// Of something of all strengths, which each case moves as it moves them.
    fn estimate(&self, linear: impl Fn(&[f64]) -> Option<f64>) -> Option<Estimate> {
        let influence = self.influence.iter().filter_map(|own| linear(own));
        Some(self.cases.linear(linear(&self.values)?, influence, self.level))
    }
}
