//! Believable texts from templates, and how people change them.
//!
//! Nobody rewrites at random. The same few habits account for most edits — a closing line is deleted, a stiff verb is
//! replaced, a greeting is added — and finding them is what edit mining is for. So they are planted here, by name.

mod templates;

use super::draw::Draw;
use super::profile::Texts;
use templates::{
    ADDITIONS, ASSETS, CLOSINGS, DAYS, DRAFTS, FACTS, GREETINGS, OPENINGS, PREAMBLES, QUESTIONS, REPLACEMENTS, STATES,
    TOPICS,
};

/// What the user gave and what the feature wrote.
pub(super) struct Written {
    pub input: String,
    pub output: String,
}

pub(super) fn write(draw: &mut Draw, texts: Texts) -> Written {
    let topic = draw.pick(TOPICS);
    let (input, facts) = match texts {
        Texts::Summary => (body(draw, topic, 6), 3),
        Texts::Chat => (fill(draw, topic, QUESTIONS), 2 + draw.index(3)),
        Texts::Canvas | Texts::Unsent => (fill(draw, topic, DRAFTS), 1 + draw.index(2)),
    };
    let mut output = body(draw, topic, facts);
    if draw.chance(if texts == Texts::Chat { 0.55 } else { 0.25 }) {
        output.push_str(draw.pick(CLOSINGS));
    }
    Written { input, output }
}

/// The user's version of a text. A wrong text has a figure put right; habits do the rest.
pub(super) fn revise(draw: &mut Draw, output: &str, right: bool) -> String {
    let mut text = output.to_owned();
    if !right {
        text = replace_figure(&text, 2 + draw.index(40));
    }
    if draw.chance(0.85) {
        text = CLOSINGS[..2]
            .iter()
            .rev()
            .fold(text, |text, closing| text.replace(closing, ""));
    }
    for (from, to) in REPLACEMENTS {
        if draw.chance(0.7) {
            text = text.replace(from, to);
        }
    }
    if draw.chance(0.5) {
        text = drop_preamble(&text);
    }
    if draw.chance(0.2) {
        text.insert_str(0, draw.pick(GREETINGS));
    }
    if text == output || draw.chance(0.12) {
        text.push_str(&fill(draw, "", ADDITIONS));
    }
    text
}

/// The part that was taken when only a part was: the first sentences.
pub(super) fn first_part(draw: &mut Draw, output: &str) -> String {
    let ends: Vec<usize> = output.match_indices(". ").map(|(at, _)| at + 1).collect();
    ends.get(draw.index(ends.len()))
        .map_or_else(|| output.to_owned(), |end| output[..*end].to_owned())
}

/// A few words on why.
pub(super) fn comment(draw: &mut Draw, reason: &str) -> &'static str {
    draw.pick(match reason {
        "too_long" => &[
            "Too long, two sentences would do.",
            "Please get to the point.",
            "I only needed the date.",
        ],
        "wrong_tone" => &[
            "Sounds like an advertisement.",
            "Too formal for my team.",
            "We never write like this.",
        ],
        "not_now" => &[
            "I was in the middle of a sentence.",
            "Good idea, wrong moment.",
            "Please wait until I stop typing.",
        ],
        "incorrect" => &[
            "The number is wrong.",
            "That date has passed.",
            "This is not what the file says.",
            "Made up.",
        ],
        "made_up" => &["There is no such source.", "It made this up.", "Nobody ever said that."],
        "incomplete" => &[
            "Half of the question is still open.",
            "The risks are missing.",
            "It left out the costs.",
        ],
        "unsafe" => &[
            "It must not send anything without asking.",
            "That would have deleted the draft.",
        ],
        "praise" => &[
            "Exactly what I needed.",
            "Saved me an hour.",
            "Good, thank you.",
            "Clear and short.",
        ],
        _ => &["Not what I asked for.", "Did not help.", "I did it myself in the end."],
    })
}

fn body(draw: &mut Draw, topic: &str, facts: usize) -> String {
    let mut text = fill(draw, topic, OPENINGS);
    // From a random place on, in steps that reach every fact before one comes twice.
    let first = draw.index(FACTS.len());
    for n in 0..facts {
        let fact = FACTS[(first + 3 * n) % FACTS.len()];
        text.push(' ');
        text.push_str(&fill(draw, topic, &[fact]));
    }
    text
}

fn fill(draw: &mut Draw, topic: &str, templates: &[&str]) -> String {
    let mut text = String::new();
    let mut rest = draw.pick(templates);
    while let Some((before, (slot, after))) = rest.split_once('{').and_then(|(b, r)| Some((b, r.split_once('}')?))) {
        text.push_str(before);
        match slot {
            "topic" => text.push_str(topic),
            "Topic" => text.push_str(&capitalise(topic)),
            "state" => text.push_str(draw.pick(STATES)),
            "asset" => text.push_str(draw.pick(ASSETS)),
            "day" => text.push_str(draw.pick(DAYS)),
            "n" => text.push_str(&(2 + draw.index(11)).to_string()),
            _ => text.push_str(&(14 + draw.index(80)).to_string()),
        }
        rest = after;
    }
    text + rest
}

fn drop_preamble(text: &str) -> String {
    let rest = PREAMBLES.iter().find_map(|preamble| text.strip_prefix(preamble));
    rest.map_or_else(|| text.to_owned(), capitalise)
}

/// Puts another number in the place of the first one.
fn replace_figure(text: &str, figure: usize) -> String {
    let Some(start) = text.find(|c: char| c.is_ascii_digit()) else {
        return text.to_owned();
    };
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    format!("{}{figure}{}", &text[..start], &text[start + digits..])
}

fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::super::draw::Purpose;
    use super::*;

    #[test]
    fn habits_recur_and_every_revision_changes_something() {
        let mut draw = Draw::stream(5, Purpose::Output, &[]);
        let (mut closings, mut deleted) = (0, 0);
        for _ in 0..2_000 {
            let written = write(&mut draw, Texts::Chat);
            assert!(!written.output.contains(['{', '}']), "{}", written.output);
            let revised = revise(&mut draw, &written.output, true);
            assert_ne!(revised, written.output);
            closings += usize::from(written.output.contains("I hope this helps!"));
            deleted +=
                usize::from(written.output.contains("I hope this helps!") && !revised.contains("I hope this helps!"));
        }
        assert!(closings > 400);
        assert!((deleted as f64 / closings as f64 - 0.85).abs() < 0.05);
    }

    #[test]
    fn a_wrong_figure_is_replaced_in_place() {
        assert_eq!(
            replace_figure("Costs rose by 12 percent in 3 weeks.", 7),
            "Costs rose by 7 percent in 3 weeks."
        );
        assert_eq!(replace_figure("No figure.", 7), "No figure.");
    }
}
