//! Reading a request's body as strictly as the API's schemas: known fields only, the right types,
//! nothing missing.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// The fields of a JSON body that have not been read yet.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body that must be a JSON object.
    pub(super) fn of(body: &[u8]) -> Result<Self, Refusal> {
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            Refusal::bad_request(format!("Received request body is not valid JSON: {error}"))
        })?;
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Refusal::bad_request("Received request body is not a JSON object")),
        }
    }

    /// Reads the body of a call that takes no fields: none, or one without any.
    pub(super) fn none(body: &[u8]) -> Result<(), Refusal> {
        match body.trim_ascii() {
            b"" | b"null" => Ok(()),
            body => Self::of(body)?.end(),
        }
    }

    /// A field that may be left out or null.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(&value).map(Some).ok_or_else(|| {
                Refusal::bad_request(format!("[{name}] Given data ({value}) is not valid for type {kind}"))
            }),
        }
    }

    /// A field that must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, Refusal> {
        self.optional(name, kind, read)?
            .ok_or_else(|| Refusal::bad_request(format!("[{name}] Missing required parameter")))
    }

    /// The end of the body: a field that nobody read is one the API does not know.
    pub(super) fn end(self) -> Result<(), Refusal> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Refusal::bad_request(format!("Received not described parameters: ({name})"))),
        }
    }

    /// A string that may be left out or null.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        self.optional(name, "string", text)
    }

    /// An AS number that may be left out or null.
    pub(super) fn asn(&mut self, name: &str) -> Result<Option<u32>, Refusal> {
        self.optional(name, "long", |value| value.as_u64().and_then(|number| number.try_into().ok()))
    }

    /// An id that may be left out or null.
    pub(super) fn id(&mut self, name: &str) -> Result<Option<u64>, Refusal> {
        self.optional(name, "long", Value::as_u64)
    }
}

/// A JSON string.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_strictly() {
        let refused = |body: &str| {
            let mut fields = Fields::of(body.as_bytes())?;
            fields.required("a", "long", Value::as_u64)?;
            fields.text("b")?;
            fields.end()
        };
        assert_eq!(refused(r#"{"a": 1, "b": null}"#), Ok(()));
        for body in
            ["", "[]", "{}", r#"{"a": "1"}"#, r#"{"a": 1, "b": 2}"#, r#"{"a": 1, "c": 2}"#, r#"{"a": null}"#]
        {
            assert_eq!(refused(body).unwrap_err().status, 400, "{body}");
        }
    }

    #[test]
    fn a_body_without_fields_may_be_missing() {
        for body in ["", " ", "null", "{}"] {
            assert_eq!(Fields::none(body.as_bytes()), Ok(()), "{body}");
        }
        for body in ["[]", "{", r#"{"a": null}"#] {
            assert_eq!(Fields::none(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
    }
}
