//! The calls that look after a service: incidents and diagnostics.

use uuid::Uuid;

use super::{Answer, Client, Error};
use crate::api::{routes, wire};

/// # Incidents
impl Client {
    /// A service's incidents and maintenances.
    ///
    /// # Errors
    /// As every call.
    pub async fn incidents(&self, service: Uuid) -> Result<Vec<wire::Incident>, Error> {
        self.collection(&routes::INCIDENTS, &routes::INCIDENT, &[&service]).await
    }

    /// One incident or maintenance.
    ///
    /// # Errors
    /// As every call.
    pub async fn incident(&self, service: Uuid, id: u64) -> Result<wire::Incident, Error> {
        self.get(&routes::INCIDENT, &[&service, &id]).await
    }
}

/// # Diagnostics
///
/// At most ten a day for each kind and service; kept for seven days. Source: OVHcloud's guides.
impl Client {
    /// A service's diagnostics.
    ///
    /// # Errors
    /// As every call.
    pub async fn diagnostics(&self, service: Uuid) -> Result<Vec<wire::Diagnostic>, Error> {
        self.collection(&routes::DIAGNOSTICS, &routes::DIAGNOSTIC, &[&service]).await
    }

    /// One diagnostic.
    ///
    /// # Errors
    /// As every call.
    pub async fn diagnostic(&self, service: Uuid, id: u64) -> Result<wire::Diagnostic, Error> {
        self.get(&routes::DIAGNOSTIC, &[&service, &id]).await
    }

    /// Starts a diagnostic.
    ///
    /// # Errors
    /// As every mutation.
    pub async fn create_diagnostic(
        &self,
        service: Uuid,
        body: &wire::NewDiagnostic,
    ) -> Result<Answer<wire::Diagnostic>, Error> {
        self.mutate(&routes::DIAGNOSTIC_CREATE, &[&service], Some(body)).await
    }
}
