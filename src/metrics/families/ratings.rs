//! What do users say when they are asked? A rater's newest opinion of an output counts.

use super::{LINEAR, NONE, PROPORTION};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, RATING_SCALE, integer};
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};

pub static FAMILY: Family = Family {
    id: "ratings",
    question: "What do users say when they are asked?",
    sums: || {
        vec![
            Sum::new("ratings", integer(facts::RATINGS)),
            Sum::new("rating_sum", integer(facts::RATING_SUM)),
            Sum::new("positive_ratings", integer(facts::POSITIVE_RATINGS)),
            Sum::new("rating_flips", integer(facts::RATING_FLIPS)),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "rating_mean",
            title: "Mean rating",
            summary: "The average rating, on the scale that the app uses.",
            formula: "sum of newest ratings per rater and output / their number",
            unit: Unit::Rating,
            direction: Direction::HigherIsBetter,
            interval: LINEAR,
            source: "definition",
            estimate: mean,
        },
        Metric {
            id: "positive_rating_rate",
            title: "Positive ratings",
            summary: "Share of the ratings in the upper half of their scale; thumbs up, for thumbs.",
            formula: "ratings above the middle of their scale / ratings",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("positive_ratings", "ratings", Reason::NoRatings),
        },
        Metric {
            id: "rating_flips",
            title: "Rating flips",
            summary: "How often raters changed a rating they had given.",
            formula: "number of ratings that differ from the same rater's previous one of the same output on the same scale",
            unit: Unit::Count,
            direction: Direction::Neutral,
            interval: NONE,
            source: "definition",
            estimate: |s| Estimate::count(s.count("rating_flips")),
        },
    ],
};

fn mean(s: &Statistics) -> Estimate {
    let sums = s.by_cluster("rating_sum").into_iter().map(|sum| sum / RATING_SCALE);
    let totals = sums.zip(s.by_cluster("ratings")).collect();
    let pooled = (s.total("rating_sum") / RATING_SCALE, s.total("ratings"));
    s.ratio(pooled, totals, (f64::NEG_INFINITY, f64::INFINITY), Reason::NoRatings)
}
