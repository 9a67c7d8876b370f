//! The JSON schema of a topology file, for editors: what `shape` says, as draft 07, which
//! every YAML language server understands.
//!
//! It accepts every file that is valid, and refuses what one value, or the fields of one mapping, show to
//! be wrong. The rest is the rules' work.

use serde_json::{Map, Value, json};

use super::rules::{self, asn};
use super::shape::{self, FieldShape, Name, Shape, TypeFields, ValueShape};
use crate::diagnostic::Severity;

/// A number from 0 to 255, without leading zeros.
const OCTET: &str = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

/// What a datacenter's name cannot hold.
const DATACENTER: &str = r"^[^/ \t\r\n]+$";

/// The schema of a topology file.
#[must_use]
pub fn schema() -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("$id".to_owned(), json!("ovhconnect/topology/1"));
    schema.insert("title".to_owned(), json!("A topology of ovhconnect"));
    schema.extend(mapping(&shape::FILE, shape::FILE.doc));
    Value::Object(schema)
}

/// A mapping with the fields of `shape`.
fn mapping(shape: &Shape, doc: &str) -> Map<String, Value> {
    let properties: Map<String, Value> =
        shape.fields.iter().map(|field| (field.name.to_owned(), property(field))).collect();
    let needed: Vec<&str> =
        shape.fields.iter().filter(|field| field.needed).map(|field| field.name).collect();
    let mut mapping = object(doc);
    mapping.insert("additionalProperties".to_owned(), json!(false));
    mapping.insert("properties".to_owned(), Value::Object(properties));
    if !needed.is_empty() {
        mapping.insert("required".to_owned(), json!(needed));
    }
    if !shape.types.is_empty() {
        mapping.insert("allOf".to_owned(), shape.types.iter().map(of_type).collect());
    }
    mapping
}

/// What a `type` asks for and rules out.
fn of_type(fields: &TypeFields) -> Value {
    let needed: Vec<&str> = fields.needed.iter().map(|(field, _)| *field).collect();
    let foreign: Map<String, Value> =
        fields.foreign.iter().map(|field| ((*field).to_owned(), json!(false))).collect();
    json!({
        "if": {"properties": {"type": {"const": fields.word}}, "required": ["type"]},
        "then": {"properties": foreign, "required": needed},
    })
}

fn property(field: &FieldShape) -> Value {
    let mut property = match field.value {
        ValueShape::Version => fields_of(json!({"type": "integer", "enum": [1]})),
        ValueShape::Endpoint => fields_of(json!({
            "type": "string",
            "anyOf": [{"enum": shape::ENDPOINTS}, {"pattern": "/"}],
        })),
        ValueShape::Text => fields_of(json!({"type": "string"})),
        ValueShape::Flag => fields_of(json!({"type": "boolean", "default": false})),
        ValueShape::Word(words) => fields_of(json!({"type": "string", "enum": words})),
        ValueShape::Number => fields_of(json!({"type": "integer", "minimum": 0})),
        ValueShape::Asn => {
            let (least, greatest) = (1, u32::MAX - 1);
            let reserved = asn::RESERVED_NUMBERS.iter().map(|asn| asn.0);
            let reserved: Vec<u32> = reserved.filter(|asn| (least..=greatest).contains(asn)).collect();
            fields_of(json!({
                "type": "integer",
                "minimum": least,
                "maximum": greatest,
                "not": {"enum": reserved},
            }))
        }
        ValueShape::Prefix(shortest, longest) => prefix(shortest, longest),
        ValueShape::Ip => text_like(&format!("^{}$", address()), "An IPv4 address, like 10.1.0.10"),
        ValueShape::DatacenterName => {
            fields_of(json!({"type": ["string", "integer"], "pattern": DATACENTER, "minimum": 0}))
        }
        ValueShape::Codes => fields_of(json!({
            "type": "array",
            "items": {"type": "string", "enum": warnings()},
        })),
        ValueShape::One(shape) => mapping(shape, ""),
        ValueShape::Named(name, shape) => {
            let mut names = object("");
            let thing = Value::Object(mapping(shape, shape.doc));
            names.insert("additionalProperties".to_owned(), json!(false));
            names.insert("patternProperties".to_owned(), json!({ pattern(name): thing }));
            names
        }
        ValueShape::OneOrSeveral(shape) => {
            let one = Value::Object(mapping(shape, shape.doc));
            fields_of(json!({"anyOf": [one, {"type": "array", "items": one}]}))
        }
        ValueShape::List(shape) => {
            fields_of(json!({"type": "array", "items": Value::Object(mapping(shape, shape.doc))}))
        }
    };
    property.insert("description".to_owned(), json!(field.doc));
    if !field.examples.is_empty() {
        let examples = field.examples.iter().map(|text| example(field.value, text)).collect();
        property.insert("examples".to_owned(), Value::Array(examples));
    }
    Value::Object(property)
}

/// The codes that can be silenced.
fn warnings() -> Vec<&'static str> {
    let warnings = rules::all().iter().filter(|rule| rule.severity == Severity::Warning);
    warnings.map(|rule| rule.code).collect()
}

/// A value as it is written in YAML, as JSON has it.
fn example(value: ValueShape, text: &str) -> Value {
    match value {
        ValueShape::Number | ValueShape::Asn => {
            text.parse::<u64>().map_or(json!(text), |number| json!(number))
        }
        _ => json!(text),
    }
}

fn object(doc: &str) -> Map<String, Value> {
    fields_of(json!({"type": "object", "description": doc}))
}

fn fields_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn address() -> String {
    [OCTET; 4].join(r"\.")
}

fn prefix(shortest: u8, longest: u8) -> Map<String, Value> {
    let lengths: Vec<String> = (shortest..=longest).map(|length| length.to_string()).collect();
    let pattern = format!("^{}/({})$", address(), lengths.join("|"));
    let expected = match (shortest, longest) {
        (0, 32) => "An IPv4 prefix, like 192.168.10.0/24".to_owned(),
        (one, other) if one == other => format!("An IPv4 prefix of length /{one}, like 172.16.0.0/{one}"),
        _ => format!("An IPv4 prefix from /{shortest} to /{longest}, like 10.1.0.0/24"),
    };
    text_like(&pattern, &expected)
}

/// A text of a form. Editors show what is `expected` rather than the pattern.
fn text_like(pattern: &str, expected: &str) -> Map<String, Value> {
    fields_of(json!({"type": "string", "pattern": pattern, "patternErrorMessage": expected}))
}

fn pattern(name: Name) -> &'static str {
    match name {
        Name::Vrack => "^pn-(0|[1-9][0-9]*)$",
        Name::Service => "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
        Name::Datacenter => DATACENTER,
    }
}
