//! Two opinions on each of some outputs.

use super::categories::Categories;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::clusters::Clusters;
use crate::query::analyses::opinions::Discussed;
use crate::stats::agreement::pair::{Table, Weights};
use crate::stats::level::Level;

pub struct Paired {
    clusters: Clusters,
    pub categories: Categories,
    /// Of each output: the category of the first opinion and of the second.
    places: Vec<(usize, usize)>,
    table: Table,
}

impl Paired {
    /// From outputs with both opinions.
    pub fn new(pairs: &[(&Discussed, f64, f64)]) -> Paired {
        let categories = Categories::of(pairs.iter().flat_map(|(_, first, second)| [*first, *second]));
        let places: Vec<(usize, usize)> = pairs
            .iter()
            .map(|(_, first, second)| (categories.place(*first), categories.place(*second)))
            .collect();
        let mut table = Table::new(categories.values.len());
        places
            .iter()
            .for_each(|(first, second)| table.add(*first, *second, 1.0));
        Paired {
            clusters: Clusters::new(pairs.iter().map(|(output, ..)| *output)),
            categories,
            places,
            table,
        }
    }

    /// Outputs by the category of the first opinion (rows) and of the second (columns).
    pub fn confusion(&self) -> Vec<Vec<u64>> {
        let rows = self.table.rows();
        rows.map(|row| row.iter().map(|count| *count as u64).collect())
            .collect()
    }

    /// The share of outputs on which both are the same.
    pub fn agreement(&self, level: Level) -> Estimate {
        let same = self.places.iter().map(|(first, second)| Some(first == second));
        self.clusters.share(same, level, Reason::NoCases)
    }

    /// Cohen's κ.
    pub fn kappa(&self, weights: Weights, level: Level) -> Estimate {
        match self.table.kappa(weights, &self.categories.values) {
            Some(kappa) => {
                let places = self.places.iter();
                let influence = places.map(|(first, second)| kappa.influence(*first, *second));
                self.clusters.within(kappa.value, influence, (kappa.least, 1.0), level)
            }
            None if self.places.is_empty() => Estimate::none(Reason::NoCases),
            None => Estimate::none(Reason::OneClass),
        }
    }
}
