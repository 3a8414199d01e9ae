//! How much of an output its user changed.

use super::text;
use crate::store::texts::Texts;

/// The edit figures of one output.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Edit {
    pub distance: Option<f64>,
    pub retained_share: Option<f64>,
    pub chars_shown: Option<i32>,
    pub chars_final: Option<i32>,
}

/// Takes the texts where both are there, then what the client measured; what the user accepted unchanged has not changed.
pub fn edit(
    accepted: bool,
    texts: &Texts,
    distance: Option<f64>,
    chars_shown: Option<u32>,
    chars_retained: Option<u32>,
    chars_final: Option<u32>,
) -> Edit {
    let measured = |text: Option<&str>| text.and_then(|text| u32::try_from(text::length(text)).ok());
    let shown = chars_shown.or_else(|| measured(texts.output.as_deref()));
    let compared = texts
        .output
        .as_deref()
        .zip(texts.final_.as_deref())
        .and_then(|(output, final_text)| text::compare(output, final_text));
    let unchanged = accepted && texts.final_.is_none() && texts.output.is_some();
    let share = shown
        .zip(chars_retained)
        .filter(|(shown, _)| *shown > 0)
        .map(|(shown, retained)| (f64::from(retained) / f64::from(shown)).min(1.0));
    Edit {
        distance: compared
            .map(|change| change.distance)
            .or(distance)
            .or(unchanged.then_some(0.0)),
        retained_share: compared
            .map(|change| change.retained_share)
            .or(share)
            .or(unchanged.then_some(1.0)),
        chars_shown: shown.and_then(whole),
        chars_final: measured(texts.final_.as_deref())
            .or(chars_final)
            .or(shown.filter(|_| unchanged))
            .and_then(whole),
    }
}

fn whole(chars: u32) -> Option<i32> {
    i32::try_from(chars).ok()
}
