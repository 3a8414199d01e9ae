//! Short values that go with an event.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// A short value of an attribute. Numbers and booleans are kept as text: 1.50 becomes `1.5`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AttributeValue {
    Text(String),
    Flag(bool),
    #[schema(value_type = f64)]
    Number(serde_json::Number),
}

impl AttributeValue {
    pub fn into_text(self) -> String {
        match self {
            AttributeValue::Text(text) => text,
            AttributeValue::Flag(flag) => flag.to_string(),
            AttributeValue::Number(number) => number.to_string(),
        }
    }
}

/// Reads attributes. JSON allows an object to have a key twice; here no one could say which of the values was meant.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    deserializer.deserialize_map(AttributesVisitor)
}

struct AttributesVisitor;

impl<'de> Visitor<'de> for AttributesVisitor {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut attributes = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, AttributeValue>()? {
            if attributes.insert(name, value.into_text()).is_some() {
                return Err(A::Error::custom("duplicate attribute"));
            }
        }
        Ok(attributes)
    }
}
