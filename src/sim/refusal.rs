//! What the simulated API refuses, in the API's error shape.
//!
//! Assumed: which HTTP status and class a broken rule gets. The published API names none. They
//! are chosen here and nowhere else: a value that can never be right is a bad request (400), a
//! value or a call that is only wrong beside what the account holds now is a conflict (409).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A call the API refuses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `Client::NotFound` and the like.
    pub class: String,
    /// What is wrong, for a person.
    pub message: String,
}

impl Refusal {
    fn new(status: u16, class: &str, message: impl Into<String>) -> Self {
        Self { status, class: class.to_owned(), message: message.into() }
    }

    /// 400: the request can never be right.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "Client::BadRequest", message)
    }

    /// 409: the request is not right beside what the account holds now.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "Client::Conflict", message)
    }

    /// 404: nothing has this name or number.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "Client::NotFound", message)
    }

    /// 404 in the API's words for an object that is not there.
    #[must_use]
    pub fn no_object(key: &str, value: impl fmt::Display) -> Self {
        Self::not_found(format!("The requested object ({key} = {value}) does not exist"))
    }

    /// 405: the route exists, the method does not.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(405, "Client::MethodNotAllowed", "This method is not allowed on this URL")
    }

    /// 403: the credential may not do this.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "Client::Forbidden", message)
    }

    /// 429: too many of these.
    #[must_use]
    pub fn too_many(message: impl Into<String>) -> Self {
        Self::new(429, "Client::TooManyRequests", message)
    }

    /// 500: the simulator itself failed.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "Server::InternalServerError", message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.class, self.message)
    }
}

impl std::error::Error for Refusal {}
