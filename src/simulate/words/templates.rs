//! The templates: `{topic}`, `{n}` and the like are filled in.

pub(super) const TOPICS: &[&str] = &[
    "the billing migration",
    "the onboarding guide",
    "the quarterly budget",
    "the search rollout",
    "the hiring plan",
    "the incident review",
    "the supplier contract",
    "the accessibility audit",
    "the mobile release",
    "the data retention policy",
    "the customer survey",
    "the pricing page",
    "the office move",
    "the partner portal",
    "the training programme",
];
pub(super) const OPENINGS: &[&str] = &[
    "It is important to note that {topic} is {state}.",
    "As requested, here is an overview of {topic}, which is {state}.",
    "In order to keep everyone aligned, this text covers {topic}.",
    "{Topic} is {state}.",
    "After {n} weeks of work, {topic} is {state}.",
];
pub(super) const STATES: &[&str] = &[
    "on track",
    "behind schedule",
    "ready for review",
    "waiting for a decision",
    "nearly complete",
];
pub(super) const FACTS: &[&str] = &[
    "The team plans to utilize the existing {asset} until {day}.",
    "We can leverage the {asset} to save {n} hours per week.",
    "{n} of {m} open questions have been answered.",
    "The main risk is the {asset}, which has no owner yet.",
    "Costs rose by {n} percent against the plan.",
    "A decision about the {asset} is needed by {day}.",
    "Support received {m} requests about it last month.",
    "Legal has asked for changes in section {n}.",
    "The next step is to test the {asset} with {n} customers.",
    "Two teams depend on the {asset}, and both have agreed to {day}.",
    "The draft will be shared on {day}, and comments are open for {n} days.",
];
pub(super) const ASSETS: &[&str] = &[
    "staging cluster",
    "template library",
    "export job",
    "approval form",
    "dashboard",
    "contact list",
    "test suite",
];
pub(super) const DAYS: &[&str] = &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
pub(super) const CLOSINGS: &[&str] = &[
    " I hope this helps!",
    " I hope this helps! Let me know if you have any questions.",
    " Please do not hesitate to reach out.",
];
pub(super) const QUESTIONS: &[&str] = &[
    "What is the status of {topic}?",
    "Can you explain the risks of {topic}?",
    "Write a short update on {topic} for the team.",
    "Who has to decide about {topic}, and by when?",
    "Why did the costs of {topic} go up?",
];
pub(super) const DRAFTS: &[&str] = &[
    "Some notes on {topic} before {day}",
    "Update: {topic}",
    "We should talk about {topic} because",
];
pub(super) const GREETINGS: &[&str] = &["Hi all,\n\n", "Hello team,\n\n", "Hi everyone,\n\n"];
pub(super) const ADDITIONS: &[&str] = &[
    " More on this on {day}.",
    " See the attached notes.",
    " I will follow up with the {asset} owners.",
];

/// Words people put in place of others.
pub(super) const REPLACEMENTS: &[(&str, &str)] = &[
    ("utilize", "use"),
    ("leverage", "use"),
    ("In order to", "To"),
    ("Please do not hesitate to reach out.", "Questions? Ask me."),
];
/// Starts of a first sentence that say nothing.
pub(super) const PREAMBLES: &[&str] = &[
    "It is important to note that ",
    "As requested, here is an overview of ",
    "In order to keep everyone aligned, ",
];
