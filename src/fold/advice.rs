//! Which number a user kept who had one before the output and saw another in it.

use crate::domain::decision::{Decision, Manner};

/// The numbers that a user could keep.
#[derive(Clone, Copy, Debug)]
pub struct Advice {
    /// The user's own, from before.
    pub initial: Option<f64>,
    /// The AI's.
    pub output: Option<f64>,
}

impl Advice {
    /// The number that a decision keeps which states none. What the app took by itself says nothing of the user, and who changed,
    /// answered or took back keeps a number that nobody knows.
    pub fn kept(self, decision: Decision, manner: Manner) -> Option<f64> {
        match (decision, manner) {
            (Decision::Accepted, Manner::Asked) => self.output,
            (Decision::Rejected, Manner::Asked) => self.initial,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_or_refuses_it_as_it_is_keeps_a_number_that_is_known() {
        let advice = Advice {
            initial: Some(3.0),
            output: Some(5.0),
        };
        let kept = |decision, manner| advice.kept(decision, manner);
        assert_eq!(kept(Decision::Accepted, Manner::Asked), Some(5.0));
        assert_eq!(kept(Decision::Rejected, Manner::Asked), Some(3.0));
        assert_eq!(kept(Decision::Accepted, Manner::Automatic), None);
        assert_eq!(kept(Decision::Rejected, Manner::TakenOver), None);
        for decision in [
            Decision::Edited,
            Decision::Undone,
            Decision::Ignored,
            Decision::Undecided,
        ] {
            assert_eq!(kept(decision, Manner::Asked), None, "{decision:?}");
        }
    }
}
