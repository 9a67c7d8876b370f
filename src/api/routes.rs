//! Every call the client can make: method, route and the IAM action that allows it.
//!
//! Source: the published OpenAPI documents of `/ovhCloudConnect` and `/vrack`.

use std::fmt::Display;

use http::Method;

/// One call of the API, before its parameters are filled in.
#[derive(PartialEq, Eq, Debug)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// The route, with its parameters in braces.
    pub pattern: &'static str,
    /// The IAM actions that the caller's identity needs; none where the API asks for none.
    pub actions: &'static [&'static str],
}

/// A parameter that cannot stand in a route.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{value:?} cannot stand in the route {pattern}: expected letters, digits, '-', '_' and '.'")]
pub struct BadParameter {
    /// The value that was given.
    pub value: String,
    /// The route it was given for.
    pub pattern: &'static str,
}

impl Call {
    /// The route with its parameters filled in, in order.
    ///
    /// # Errors
    /// A parameter that is empty or could change the route's meaning, like `a/b` or `..`.
    ///
    /// # Panics
    /// If there are fewer or more values than the route has parameters: a mistake in this program.
    pub fn path(&self, parameters: &[&(dyn Display + Sync)]) -> Result<String, BadParameter> {
        let mut path = String::new();
        let mut parameters = parameters.iter();
        for segment in self.pattern.split('/').skip(1) {
            path.push('/');
            if segment.starts_with('{') {
                let value =
                    parameters.next().expect("the caller gives a value for every parameter").to_string();
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                if value.chars().all(|c| c == '.') || !value.chars().all(plain) {
                    return Err(BadParameter { value, pattern: self.pattern });
                }
                path.push_str(&value);
            } else {
                path.push_str(segment);
            }
        }
        assert!(parameters.next().is_none(), "{} has fewer parameters than it was given", self.pattern);
        Ok(path)
    }

    /// The access rule that grants this call to an application key, like
    /// `POST /ovhCloudConnect/*/config/pop`.
    #[must_use]
    pub fn access_rule(&self) -> String {
        let mut rule = self.method.to_string();
        rule.push(' ');
        for segment in self.pattern.split('/').skip(1) {
            rule.push('/');
            rule.push_str(if segment.starts_with('{') { "*" } else { segment });
        }
        rule
    }
}

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident = $method:ident $pattern:literal [$($action:literal),*];)*) => {
        $($(#[$doc])* pub static $name: Call =
            Call { method: Method::$method, pattern: $pattern, actions: &[$($action),*] };)*

        /// All of them, for documentation and tests.
        pub static ALL: &[&Call] = &[$(&$name),*];
    };
}

calls! {
    /// The server's clock, in Unix seconds. Unsigned.
    TIME = GET "/auth/time" [];
    /// A bearer token for a service account. Not under the API's own base address.
    TOKEN = POST "/auth/oauth2/token" [];

    /// What the application key at hand may call.
    CURRENT_CREDENTIAL = GET "/auth/currentCredential" [];
    /// Who calls, and what that identity may call.
    AUTH_DETAILS = GET "/auth/details" [];

    /// The account's services.
    SERVICES = GET "/ovhCloudConnect" ["ovhCloudConnect:apiovh:get"];
    /// One service.
    SERVICE = GET "/ovhCloudConnect/{serviceName}" ["ovhCloudConnect:apiovh:get"];
    /// Changes a service's description.
    SERVICE_UPDATE = PUT "/ovhCloudConnect/{serviceName}" ["ovhCloudConnect:apiovh:edit"];

    /// The account's vRacks.
    VRACKS = GET "/vrack" ["vrack:apiovh:get"];
    /// One vRack.
    VRACK = GET "/vrack/{serviceName}" ["vrack:apiovh:get"];
    /// What may enter a vRack.
    ALLOWED_SERVICES = GET "/vrack/{serviceName}/allowedServices"
        ["vrack:apiovh:allowedServices/get", "ovhCloudConnect:apiovh:vrack/attach"];
    /// The services in a vRack.
    MEMBERS = GET "/vrack/{serviceName}/ovhCloudConnect" ["vrack:apiovh:ovhCloudConnect/get"];
    /// Puts a service into a vRack.
    ATTACH = POST "/vrack/{serviceName}/ovhCloudConnect"
        ["vrack:apiovh:ovhCloudConnect/attach", "ovhCloudConnect:apiovh:vrack/attach"];
    /// One service in a vRack.
    MEMBER = GET "/vrack/{serviceName}/ovhCloudConnect/{ovhCloudConnect}"
        ["vrack:apiovh:ovhCloudConnect/get"];
    /// Takes a service out of a vRack.
    DETACH = DELETE "/vrack/{serviceName}/ovhCloudConnect/{ovhCloudConnect}"
        ["vrack:apiovh:ovhCloudConnect/detach"];
    /// A vRack's tasks.
    VRACK_TASKS = GET "/vrack/{serviceName}/task" ["vrack:apiovh:task/get"];
    /// One task of a vRack.
    VRACK_TASK = GET "/vrack/{serviceName}/task/{taskId}" ["vrack:apiovh:task/get"];

    /// A service's interfaces.
    INTERFACES = GET "/ovhCloudConnect/{serviceName}/interface" ["ovhCloudConnect:apiovh:interface/get"];
    /// One interface.
    INTERFACE = GET "/ovhCloudConnect/{serviceName}/interface/{id}"
        ["ovhCloudConnect:apiovh:interface/get"];
    /// Takes an interface out of service.
    INTERFACE_LOCK = POST "/ovhCloudConnect/{serviceName}/interface/{id}/lock"
        ["ovhCloudConnect:apiovh:interface/lock"];
    /// Puts an interface back in service.
    INTERFACE_UNLOCK = POST "/ovhCloudConnect/{serviceName}/interface/{id}/unlock"
        ["ovhCloudConnect:apiovh:interface/unlock"];
    /// Whether an interface's link is up.
    INTERFACE_STATUS = GET "/ovhCloudConnect/{serviceName}/interface/{id}/status"
        ["ovhCloudConnect:apiovh:interface/status/get"];

    /// A service's PoP configurations.
    POPS = GET "/ovhCloudConnect/{serviceName}/config/pop" ["ovhCloudConnect:apiovh:config/pop/get"];
    /// Creates a PoP configuration.
    POP_CREATE = POST "/ovhCloudConnect/{serviceName}/config/pop"
        ["ovhCloudConnect:apiovh:config/pop/create"];
    /// One PoP configuration.
    POP = GET "/ovhCloudConnect/{serviceName}/config/pop/{popId}"
        ["ovhCloudConnect:apiovh:config/pop/get"];
    /// Deletes a PoP configuration.
    POP_DELETE = DELETE "/ovhCloudConnect/{serviceName}/config/pop/{popId}"
        ["ovhCloudConnect:apiovh:config/pop/delete"];
    /// Whether an l3 PoP's BGP session is up.
    POP_STATUS = GET "/ovhCloudConnect/{serviceName}/config/pop/{popId}/status"
        ["ovhCloudConnect:apiovh:config/status/get"];

    /// How many prefixes an l3 PoP's session carried.
    POP_STATISTICS = GET "/ovhCloudConnect/{serviceName}/config/pop/{popId}/statistics"
        ["ovhCloudConnect:apiovh:config/pop/statistics/get"];

    /// A PoP's datacenter configurations.
    DATACENTERS = GET "/ovhCloudConnect/{serviceName}/config/pop/{popId}/datacenter"
        ["ovhCloudConnect:apiovh:config/pop/datacenter/get"];
    /// Creates a datacenter configuration.
    DATACENTER_CREATE = POST "/ovhCloudConnect/{serviceName}/config/pop/{popId}/datacenter"
        ["ovhCloudConnect:apiovh:config/pop/datacenter/create"];
    /// One datacenter configuration.
    DATACENTER = GET "/ovhCloudConnect/{serviceName}/config/pop/{popId}/datacenter/{datacenterId}"
        ["ovhCloudConnect:apiovh:config/pop/datacenter/get"];
    /// Deletes a datacenter configuration.
    DATACENTER_DELETE = DELETE
        "/ovhCloudConnect/{serviceName}/config/pop/{popId}/datacenter/{datacenterId}"
        ["ovhCloudConnect:apiovh:config/pop/datacenter/delete"];

    /// A datacenter's extra configurations.
    EXTRAS = GET "/ovhCloudConnect/{serviceName}/config/pop/{popId}/datacenter/{datacenterId}/extra"
        ["ovhCloudConnect:apiovh:config/pop/datacenter/extra/get"];
    /// Creates an extra configuration.
    EXTRA_CREATE = POST
        "/ovhCloudConnect/{serviceName}/config/pop/{popId}/datacenter/{datacenterId}/extra"
        ["ovhCloudConnect:apiovh:config/pop/datacenter/extra/create"];
    /// One extra configuration.
    EXTRA = GET
        "/ovhCloudConnect/{serviceName}/config/pop/{popId}/datacenter/{datacenterId}/extra/{extraId}"
        ["ovhCloudConnect:apiovh:config/pop/datacenter/extra/get"];
    /// Deletes an extra configuration.
    EXTRA_DELETE = DELETE
        "/ovhCloudConnect/{serviceName}/config/pop/{popId}/datacenter/{datacenterId}/extra/{extraId}"
        ["ovhCloudConnect:apiovh:config/pop/datacenter/extra/delete"];

    /// The datacenters on offer to a service.
    CATALOGUE = GET "/ovhCloudConnect/{serviceName}/datacenter"
        ["ovhCloudConnect:apiovh:datacenter/get"];
    /// One datacenter on offer.
    CATALOGUE_ENTRY = GET "/ovhCloudConnect/{serviceName}/datacenter/{id}"
        ["ovhCloudConnect:apiovh:datacenter/get"];

    /// A service's tasks.
    TASKS = GET "/ovhCloudConnect/{serviceName}/task" ["ovhCloudConnect:apiovh:task/get"];
    /// One task of a service.
    TASK = GET "/ovhCloudConnect/{serviceName}/task/{id}" ["ovhCloudConnect:apiovh:task/get"];

    /// A service's incidents and maintenances.
    INCIDENTS = GET "/ovhCloudConnect/{serviceName}/incident" ["ovhCloudConnect:apiovh:incident/get"];
    /// One incident or maintenance.
    INCIDENT = GET "/ovhCloudConnect/{serviceName}/incident/{id}"
        ["ovhCloudConnect:apiovh:incident/get"];

    /// A service's diagnostics.
    DIAGNOSTICS = GET "/ovhCloudConnect/{serviceName}/diagnostic"
        ["ovhCloudConnect:apiovh:diagnostic/get"];
    /// Starts a diagnostic.
    DIAGNOSTIC_CREATE = POST "/ovhCloudConnect/{serviceName}/diagnostic"
        ["ovhCloudConnect:apiovh:diagnostic/create"];
    /// One diagnostic.
    DIAGNOSTIC = GET "/ovhCloudConnect/{serviceName}/diagnostic/{id}"
        ["ovhCloudConnect:apiovh:diagnostic/get"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_fill_in_order() {
        assert_eq!(
            DATACENTER.path(&[&"s-1", &7, &9]).unwrap(),
            "/ovhCloudConnect/s-1/config/pop/7/datacenter/9"
        );
    }

    #[test]
    fn a_parameter_cannot_leave_its_place() {
        for bad in ["", ".", "..", "a/b", "a?b", "a#b", "%2e%2e", "a b", "é"] {
            assert!(VRACK.path(&[&bad]).is_err(), "{bad:?} was accepted");
        }
        assert_eq!(VRACK.path(&[&"pn-12345"]).unwrap(), "/vrack/pn-12345");
    }

    #[test]
    fn an_access_rule_has_a_star_for_each_parameter() {
        assert_eq!(POP_DELETE.access_rule(), "DELETE /ovhCloudConnect/*/config/pop/*");
    }

    #[test]
    fn every_signed_call_names_its_action() {
        for call in ALL.iter().filter(|call| !call.pattern.starts_with("/auth/")) {
            assert!(!call.actions.is_empty(), "{} {} has no IAM action", call.method, call.pattern);
        }
    }
}
