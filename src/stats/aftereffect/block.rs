//! A person's neighbouring trials, a bit each, and sums of products about their lines.

/// Trials that a line runs through by itself.
pub const OF_A_LINE: u32 = 2;

/// Neighbouring trials of a person, a bit each, the first lowest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Block {
    pub marked: u64,
    pub cases: u64,
    pub trials: u32,
}

impl Block {
    /// `N_L`.
    pub fn product(&self, lag: i32) -> f64 {
        let apart = lag.unsigned_abs();
        let pairs = self.trials.saturating_sub(apart);
        let (marked, cases) = if lag < 0 {
            (self.marked >> apart, self.cases)
        } else {
            (self.marked, self.cases >> apart)
        };
        about_lines(marked & lowest(pairs), cases & lowest(pairs), pairs)
    }
}

/// `Σ_ab M_ab x_a y_b` of so many places.
pub fn about_lines(x: u64, y: u64, places: u32) -> f64 {
    if places <= OF_A_LINE {
        return 0.0;
    }
    let m = f64::from(places);
    let count = |bits: u64| f64::from(bits.count_ones());
    let slope = |bits: u64| sum_of_places(bits) - count(bits) * (m - 1.0) / 2.0;
    count(x & y) - count(x) * count(y) / m - slope(x) * slope(y) / (m * (m * m - 1.0) / 12.0)
}

/// `τ_m(o)`.
pub fn trace(places: u32, offset: i32) -> f64 {
    let apart = offset.unsigned_abs();
    if places <= OF_A_LINE || apart >= places {
        return 0.0;
    }
    let [m, o, n] = [places, apart, places - apart].map(f64::from);
    let same = if apart == 0 { m } else { 0.0 };
    same - n / m - (n * (n * n - 1.0) - 3.0 * n * o * o) / (m * (m * m - 1.0))
}

/// The lowest so many bits.
pub fn lowest(bits: u32) -> u64 {
    1_u64.checked_shl(bits).map_or(u64::MAX, |next| next - 1)
}

/// The sum of the places of the bits that are set, from 0: each bit of a place's number says which half of its neighbours it is in.
fn sum_of_places(bits: u64) -> f64 {
    const HALVES: [u64; 6] = [
        0xAAAA_AAAA_AAAA_AAAA,
        0xCCCC_CCCC_CCCC_CCCC,
        0xF0F0_F0F0_F0F0_F0F0,
        0xFF00_FF00_FF00_FF00,
        0xFFFF_0000_FFFF_0000,
        0xFFFF_FFFF_0000_0000,
    ];
    let halves = (0..).zip(HALVES);
    f64::from(halves.map(|(bit, half)| (bits & half).count_ones() << bit).sum::<u32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `M` of so many places.
    fn projection(places: usize) -> Vec<Vec<f64>> {
        let m = places as f64;
        let place = |at: usize| at as f64 - (m - 1.0) / 2.0;
        let line = (0..places).map(|at| place(at).powi(2)).sum::<f64>();
        let row = |a: usize| {
            (0..places)
                .map(|b| f64::from(u8::from(a == b)) - 1.0 / m - place(a) * place(b) / line)
                .collect()
        };
        (0..places).map(row).collect()
    }

    #[test]
    fn sums_are_those_of_the_projection() {
        let (x, y) = (0x9E37_79B9_7F4A_7C15_u64, 0xBF58_476D_1CE4_E5B9_u64);
        let bit = |bits: u64, at: usize| f64::from(u8::from(bits >> at & 1 == 1));
        for places in [3, 16, 63, 64] {
            let matrix = projection(places);
            let sum: f64 = (0..places)
                .flat_map(|a| (0..places).map(move |b| (a, b)))
                .map(|(a, b)| matrix[a][b] * bit(x, a) * bit(y, b))
                .sum();
            let kept = lowest(places as u32);
            let found = about_lines(x & kept, y & kept, places as u32);
            assert!((found - sum).abs() < 1e-10, "{places}: {found} {sum}");
            for offset in 0..places {
                let expected: f64 = (0..places - offset).map(|a| matrix[a][a + offset]).sum();
                for offset in [offset as i32, -(offset as i32)] {
                    assert!(
                        (trace(places as u32, offset) - expected).abs() < 1e-10,
                        "{places} {offset}"
                    );
                }
            }
        }
    }

    #[test]
    fn two_trials_are_a_line() {
        assert_eq!((about_lines(0b01, 0b10, 2), trace(2, 0), trace(4, 4)), (0.0, 0.0, 0.0));
    }
}
