//! The projection `M` of some places that removes level and slope.
//!
//! `M_ab = [a = b] − 1/m − p_a·p_b/(m(m² − 1)/12)` of `m` places, where `p` is a place less the mean of all. Up to two places nothing is left.

/// Trials that a line runs through by itself.
pub const OF_A_LINE: usize = 2;

/// `Σp²`.
fn spread(places: f64) -> f64 {
    places * (places * places - 1.0) / 12.0
}

fn centre(places: usize) -> f64 {
    (places as f64 - 1.0) / 2.0
}

/// `M_ab`.
pub fn cell(places: usize, a: usize, b: usize) -> f64 {
    if places <= OF_A_LINE {
        return 0.0;
    }
    let m = places as f64;
    let place = |at: usize| at as f64 - centre(places);
    f64::from(u8::from(a == b)) - 1.0 / m - place(a) * place(b) / spread(m)
}

/// `Σ_ab M_ab x_a y_b`.
pub fn about_lines(x: &[f64], y: &[f64]) -> f64 {
    if x.len() <= OF_A_LINE {
        return 0.0;
    }
    let centre = centre(x.len());
    let [mut both, mut level_x, mut level_y, mut slope_x, mut slope_y] = [0.0; 5];
    for (at, (x, y)) in x.iter().zip(y).enumerate() {
        let place = at as f64 - centre;
        both += x * y;
        level_x += x;
        level_y += y;
        slope_x += place * x;
        slope_y += place * y;
    }
    let m = x.len() as f64;
    both - level_x * level_y / m - slope_x * slope_y / spread(m)
}

/// `Mx`.
pub fn about_line(x: &[f64]) -> Vec<f64> {
    if x.len() <= OF_A_LINE {
        return vec![0.0; x.len()];
    }
    let (m, centre) = (x.len() as f64, centre(x.len()));
    let places = || (0..).map(|at: u32| f64::from(at) - centre);
    let level = x.iter().sum::<f64>() / m;
    let slope = x.iter().zip(places()).map(|(x, place)| x * place).sum::<f64>() / spread(m);
    x.iter()
        .zip(places())
        .map(|(x, place)| x - level - slope * place)
        .collect()
}

/// `τ_m(o) = Σ_a M_a,a+o`.
pub fn trace(places: usize, offset: i32) -> f64 {
    let apart = offset.unsigned_abs() as usize;
    if places <= OF_A_LINE || apart >= places {
        return 0.0;
    }
    let [m, o, n] = [places, apart, places - apart].map(|count| count as f64);
    let same = if apart == 0 { m } else { 0.0 };
    same - n / m - (n * (n * n - 1.0) - 3.0 * n * o * o) / (m * (m * m - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_projection() {
        let x: Vec<f64> = (0..64).map(|at| f64::from(at * at % 7)).collect();
        let y: Vec<f64> = (0..64).map(|at| f64::from(at * at % 11)).collect();
        for places in [3, 16, 63, 64] {
            let (x, y) = (&x[..places], &y[..places]);
            let row = |a: usize| (0..places).map(move |b| cell(places, a, b) * y[b]).sum::<f64>();
            let sum: f64 = (0..places).map(|a| x[a] * row(a)).sum();
            let found = about_lines(x, y);
            assert!((found - sum).abs() < 1e-9, "{places}: {found} {sum}");
            for (a, found) in about_line(y).into_iter().enumerate() {
                assert!((found - row(a)).abs() < 1e-10, "{places} {a}");
            }
            for offset in 0..places {
                let expected: f64 = (0..places - offset).map(|a| cell(places, a, a + offset)).sum();
                for offset in [offset as i32, -(offset as i32)] {
                    assert!((trace(places, offset) - expected).abs() < 1e-10, "{places} {offset}");
                }
            }
        }
    }

    #[test]
    fn lines_are_removed() {
        let line: Vec<f64> = (0..9).map(|at| 3.0 - 0.5 * f64::from(at)).collect();
        assert!(about_line(&line).iter().all(|left| left.abs() < 1e-12));
        assert_eq!(about_line(&[0.0, 1.0]), [0.0, 0.0]);
        assert_eq!((about_lines(&[1.0, 0.0], &[0.0, 1.0]), cell(2, 0, 0)), (0.0, 0.0));
        assert_eq!((trace(2, 0), trace(4, 4)), (0.0, 0.0));
    }
}
