//! What metrics can be grouped and filtered by.

use std::fmt;

/// The prefix of the full name of an attribute.
const ATTRIBUTE_PREFIX: &str = "attributes.";

/// A property of outputs with few distinct values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    Feature,
    Version,
    Model,
    PromptVersion,
    Variant,
    Environment,
    /// An attribute that the project declared as a dimension.
    Attribute(String),
    /// An attribute by its full name, declared or not.
    AnyAttribute(String),
}

impl Dimension {
    pub const BUILT_IN: [Dimension; 6] = [
        Dimension::Feature,
        Dimension::Version,
        Dimension::Model,
        Dimension::PromptVersion,
        Dimension::Variant,
        Dimension::Environment,
    ];

    /// Reads a name. A bare name that is not built in is taken as a declared attribute; `attributes.<name>` is any attribute.
    pub fn parse(name: &str) -> Dimension {
        if let Some(attribute) = name.strip_prefix(ATTRIBUTE_PREFIX) {
            return Dimension::AnyAttribute(attribute.to_owned());
        }
        Self::BUILT_IN
            .into_iter()
            .find(|dimension| dimension.name() == name)
            .unwrap_or_else(|| Dimension::Attribute(name.to_owned()))
    }

    /// The name that an attribute is declared and asked for by: in full if a built-in dimension has the short one.
    pub fn of_attribute(name: &str) -> String {
        match Dimension::parse(name) {
            Dimension::Attribute(name) => name,
            _ => Dimension::full_name(name),
        }
    }

    /// The name of any attribute, `attributes.<name>`.
    pub fn full_name(attribute: &str) -> String {
        format!("{ATTRIBUTE_PREFIX}{attribute}")
    }

    pub fn name(&self) -> &str {
        match self {
            Dimension::Feature => "feature",
            Dimension::Version => "version",
            Dimension::Model => "model",
            Dimension::PromptVersion => "prompt_version",
            Dimension::Variant => "variant",
            Dimension::Environment => "environment",
            Dimension::Attribute(name) | Dimension::AnyAttribute(name) => name,
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The values of all dimensions of one output: the address of a cell in the rollups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    pub feature: String,
    pub version: Option<String>,
    pub model: Option<String>,
    pub prompt_version: Option<String>,
    pub variant: Option<String>,
    pub environment: Option<String>,
    /// Values of the declared attributes, in the order of the names. A question may put others beside them.
    pub attributes: std::collections::BTreeMap<String, String>,
}

impl Cell {
    pub fn value(&self, dimension: &Dimension) -> Option<&str> {
        match dimension {
            Dimension::Feature => Some(&self.feature),
            Dimension::Version => self.version.as_deref(),
            Dimension::Model => self.model.as_deref(),
            Dimension::PromptVersion => self.prompt_version.as_deref(),
            Dimension::Variant => self.variant.as_deref(),
            Dimension::Environment => self.environment.as_deref(),
            Dimension::Attribute(name) | Dimension::AnyAttribute(name) => self.attributes.get(name).map(String::as_str),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "feature `{}`", self.feature)?;
        for dimension in Dimension::BUILT_IN.iter().skip(1) {
            if let Some(value) = self.value(dimension) {
                write!(f, ", {dimension} `{value}`")?;
            }
        }
        self.attributes
            .iter()
            .try_for_each(|(name, value)| write!(f, ", {name} `{value}`"))
    }
}
