//! Intervals of calibration contain the truth as often as they say.

use calibrant::metrics::families::calibration::of_draws;
use calibrant::stats::calibration::{self, Bin, bin_index};
use calibrant::stats::level::{Interval, Level};
use calibrant::stats::random::Random;
use calibrant::stats::sample::Sample;
use calibrant::stats::{binned, cluster, recalibration, smooth};

use super::Population;

const RUNS: u64 = 1_000;
const DRAWS: usize = 60;
const POPULATION: Population = Population {
    users: 150,
    spread: 0.5,
    steps: 20,
    outputs: (3, 12),
};

/// What a statistic of so many users is in the mean, and how often its intervals contain the truth.
struct Tally {
    name: &'static str,
    truth: f64,
    sum: f64,
    covered: u64,
}

impl Tally {
    fn new(name: &'static str, truth: f64) -> Tally {
        Tally {
            name,
            truth,
            sum: 0.0,
            covered: 0,
        }
    }

    fn add(&mut self, value: f64, interval: Interval) {
        self.sum += value;
        self.covered += u64::from((interval.lower..=interval.upper).contains(&self.truth));
    }

    fn add_around(&mut self, value: f64, half_width: f64) {
        self.add(value, Interval::around(value, half_width));
    }

    /// Prints both, and says whether they contain it as often as they should.
    fn holds(&self) -> bool {
        let share = self.covered as f64 / RUNS as f64;
        println!(
            "{}: {share:.3}, bias {:+.5}",
            self.name,
            self.sum / RUNS as f64 - self.truth
        );
        (0.93..=0.97).contains(&share)
    }
}

/// The cells of so many users that chance is gone.
fn truth() -> Vec<Bin> {
    let all = Population {
        users: 200_000,
        ..POPULATION
    };
    all.draw(&mut Random::new(1)).cells()
}

fn bins(cells: &[Bin]) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); 10];
    for cell in cells.iter().filter(|cell| cell.n > 0.0) {
        bins[bin_index(cell.mean_p().unwrap(), 10)].merge(cell);
    }
    bins
}

/// The bins of each user.
fn bins_by_user(sample: &Sample) -> Vec<Vec<Bin>> {
    sample.by_cluster(&vec![Bin::default(); 10], |bins, confidence, entry| {
        bins[bin_index(confidence, 10)].merge(&Bin {
            n: entry.n,
            sum_p: entry.n * confidence,
            sum_y: entry.y,
        });
    })
}

fn half_width(influence: Vec<Option<f64>>) -> f64 {
    let own: Vec<f64> = influence.into_iter().flatten().collect();
    let error = cluster::linearised_variance(&own).unwrap().sqrt();
    cluster::critical(own.len() as u64, Level::default()) * error
}

#[test]
fn linearised_intervals_contain_the_truth() {
    let cells = truth();
    let all = bins(&cells);
    let line = recalibration::cox(&cells).unwrap();
    let mut ece = Tally::new("ece", calibration::ece(&all).unwrap());
    let mut square = Tally::new("debiased square", binned::debiased_square(&all).unwrap());
    let mut average = Tally::new("average", binned::average(&all).unwrap());
    let mut intercept = Tally::new("intercept", line.intercept);
    let mut slope = Tally::new("slope", line.slope);
    let mut random = Random::new(2);
    for _ in 0..RUNS {
        let sample = POPULATION.draw(&mut random);
        let users = bins_by_user(&sample);
        let pooled = calibration::pool(&users);
        ece.add_around(
            calibration::ece(&pooled).unwrap(),
            half_width(calibration::ece_influence(&users).unwrap()),
        );
        square.add_around(
            binned::debiased_square(&pooled).unwrap(),
            half_width(binned::square_influence(&users)),
        );
        average.add_around(
            binned::average(&pooled).unwrap(),
            half_width(binned::average_influence(&users)),
        );
        let line = recalibration::cox(&sample.cells()).unwrap();
        let scores = sample.by_cluster(&[0.0; 2], |sum, confidence, entry| {
            let score = line.score(confidence, entry.n, entry.y);
            *sum = [sum[0] + score[0], sum[1] + score[1]];
        });
        let critical = cluster::critical(sample.clusters as u64, Level::default());
        let [first, second] = line.clustered_variances(&scores).unwrap();
        intercept.add_around(line.intercept, critical * first.sqrt());
        slope.add_around(line.slope, critical * second.sqrt());
    }
    let tallies = [ece, square, average, intercept, slope];
    assert_eq!(tallies.iter().filter(|tally| !tally.holds()).count(), 0);
}

#[test]
fn drawn_intervals_contain_the_truth() {
    // The smooth error of a draw is linearised at its sample; the truth is that of the error itself.
    let cells = truth();
    let value_of = |name: &str, of: &dyn Fn(&[Bin]) -> Option<f64>, cells: &[Bin]| match name {
        "smooth_ece" => smooth::error(cells).unwrap().error,
        _ => of(cells).unwrap(),
    };
    let mut tallies: Vec<Tally> = of_draws(&cells)
        .iter()
        .map(|(name, of)| Tally::new(name, value_of(name, of, &cells)))
        .collect();
    let mut random = Random::new(3);
    for run in 0..RUNS {
        let sample = POPULATION.draw(&mut random);
        let cells = sample.cells();
        let of_draws = of_draws(&cells);
        let spreads = sample.bootstrap(DRAWS, run, |cells| of_draws.iter().map(|(_, of)| of(cells)).collect());
        for ((tally, spread), (name, of)) in tallies.iter_mut().zip(spreads).zip(&of_draws) {
            let value = value_of(name, of, &cells);
            tally.add(value, spread.unwrap().interval(value, Level::default()));
        }
    }
    assert_eq!(tallies.iter().filter(|tally| !tally.holds()).count(), 0);
}
